// Any bytes given as a checkpoint.
#include "core/checkpoint/checkpoint_bytes.h"
#include "core/tensor/random_streams.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto state = ruyi::ParseState(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!state.ok()) {
    return 0;
  }
  for (const auto& [name, tensor] : state->tensors()) {
    if (tensor.numel() > 0) {
      tensor.flatten()[-1].item();
    }
    state->GetIntegers(name).IgnoreError();
    state->GetDouble(name).IgnoreError();
  }
  ruyi::RandomStreams noise(1);
  if (noise.Restore(state->Part("noise")).ok()) {
    noise.Normal(ruyi::NoisePurpose::kStepNoise, {700}).IgnoreError();  // more than a generator makes at once
  }
  return 0;
}
