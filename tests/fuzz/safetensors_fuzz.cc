// Any file given as weights.
#include "core/weights/safetensors_file.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ruyi::MemoryFile memory_file(data, size);
  const auto file = ruyi::SafetensorsFile::Open(memory_file.path());
  if (!file.ok()) {
    return 0;
  }
  for (const auto& [name, entry] : file->entries()) {
    const auto tensor = file->Get(name);
    if (tensor.ok() && tensor->numel() > 0) {
      tensor->flatten()[-1].item();  // reads the last byte that the header claims
    }
  }
  return 0;
}
