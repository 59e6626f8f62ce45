// Any text given as the seal of a result. What is taken for a seal must be read again as it is written.
#include <cstdlib>

#include "core/artifact/files/result_seal.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto seal = ruyi::ParseSeal({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!seal.ok())
    return 0;
  const auto again = ruyi::ParseSeal(ruyi::FormatSeal(*seal), "fuzz");
  if (!again.ok() || again->digest != seal->digest || again->crc32c != seal->crc32c)
    std::abort();
  return 0;
}
