// Makes the threads of libtorch sleep while they wait for each other, instead of spinning. Where other processes use
// the same cores, a spinning thread keeps the one that it waits for from running: a denoising step then takes ten times
// as long; little is gained when the machine is quiet (docs/performance.md). Linked into each program that
// computes.
#include <unistd.h>

#include <string_view>
#include <vector>

namespace {

constexpr std::string_view kName = "OMP_WAIT_POLICY=";

// libgomp reads its environment when it is loaded, before main and before any constructor of a program. What is in
// .preinit_array comes earlier, but setenv is of no use there: glibc has yet to set `environ`, and forgets what was
// added to it. So the program starts itself again, with the variable. A policy that the caller has set stays; where
// /proc is missing, so does libgomp's own.
void SleepWhileWaiting(int /*argc*/, char** argv, char** environment) {
  static char variable[] = "OMP_WAIT_POLICY=passive";
  std::vector<char*> variables = {variable};
  for (char** entry = environment; *entry != nullptr; ++entry) {
    if (std::string_view(*entry).starts_with(kName))
      return;
    variables.push_back(*entry);
  }
  variables.push_back(nullptr);
  execve("/proc/self/exe", argv, variables.data());
}

[[gnu::used, gnu::section(".preinit_array")]] void (*const preinit)(int, char**, char**) = &SleepWhileWaiting;

}  // namespace
