// Any text given as the manifest of a result. What is taken for a manifest must be read again as it is written.
#include <cstdlib>

#include "core/artifact/s3/result_manifest.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto manifest = ruyi::ParseManifest({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!manifest.ok())
    return 0;
  const auto again = ruyi::ParseManifest(ruyi::FormatManifest(*manifest), "fuzz");
  if (!again.ok() || *again != *manifest)
    std::abort();
  return 0;
}
