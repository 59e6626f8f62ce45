#include "core/pipeline/ruyi/frame_output.h"

#include <utility>

#include "core/base/status_macros.h"
#include "core/pipeline/ruyi/image_tensor.h"

namespace ruyi {

FrameOutput::Chunk FrameOutput::Send(const at::Tensor& frames) {
  const c10::Device& device = copies_.device();
  const at::Tensor pixels = PixelsOf(frames);
  Chunk chunk = {.pixels = EmptyOnHost(pixels.sizes(), at::kByte, device), .copied = Fence(device)};
  Fence computed(device);
  computed.Record(copies_.compute());
  copies_.Copy(chunk.pixels, pixels, computed, chunk.copied);
  if (!device.is_cpu())
    pixels.record_stream(copies_.stream());  // its memory is free once it has been copied
  return chunk;
}

absl::Status FrameOutput::Give(const Chunk& chunk) {
  chunk.copied.Await();
  for (int64_t i = 0; i < chunk.pixels.size(0); ++i) {
    RUYI_RETURN_IF_ERROR(sink_.OnFrame(ImageOf(chunk.pixels[i])));
  }
  return absl::OkStatus();
}

absl::Status FrameOutput::Add(const at::Tensor& frames) {
  Chunk next = Send(frames);
  const std::optional<Chunk> ready = std::exchange(under_way_, std::move(next));
  return ready.has_value() ? Give(*ready) : absl::OkStatus();
}

absl::Status FrameOutput::Finish() {
  const std::optional<Chunk> ready = std::exchange(under_way_, std::nullopt);
  return ready.has_value() ? Give(*ready) : absl::OkStatus();
}

}  // namespace ruyi
