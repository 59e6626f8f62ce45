// Makes the threads of libtorch sleep while they wait for each other, instead of spinning. Where other processes use the
// same cores, a spinning thread keeps the one that it waits for from running: a denoising step then takes ten times as
// long, and nothing is gained when the machine is quiet (docs/performance.md). Linked into each program that computes.
#include <cstdlib>

namespace {

// libgomp reads its environment when it is loaded, which is before main and before any constructor of a program; only
// what is in .preinit_array comes earlier. A policy that the caller has set stays.
void SleepWhileWaiting(int /*argc*/, char** /*argv*/, char** /*environment*/) {
  constexpr int kKeep = 0;
  setenv("OMP_WAIT_POLICY", "passive", kKeep);
}

[[gnu::used, gnu::section(".preinit_array")]] void (*const preinit)(int, char**, char**) = &SleepWhileWaiting;

}  // namespace
