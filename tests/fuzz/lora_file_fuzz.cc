// Any file given as a LoRA, for a model of three layers.
#include "core/lora/lora_file.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ruyi::LayerShapes layers = {{"blocks.0.to_q", {.out = 3, .in = 2}},
                                    {"pos_embed.proj", {.out = 3, .in = 8, .kernel_area = 4}},
                                    {"to_out.0", {.out = 2, .in = 2}}};
  const ruyi::MemoryFile memory_file(data, size);
  const auto file = ruyi::LoraFile::Open(memory_file.path());
  if (!file.ok()) {
    return 0;
  }
  const absl::Status status = file->Check(layers);
  const auto updates = file->Updates(layers, 1.0);
  if (status.ok() != updates.ok()) {
    __builtin_trap();  // what is taken can be loaded, and nothing else
  }
  return 0;
}
