#include "core/pipeline/ruyi/frame_output.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/isfinite.h>

#include <utility>

#include "core/base/status_macros.h"
#include "core/memory/pinned_memory.h"
#include "core/pipeline/ruyi/image_tensor.h"
#include "core/pipeline/ruyi/not_finite.h"

namespace ruyi {

// Copies on a stream of its own, after everything that was computed until now; the chunk's fence tells when the copy is
// there, and the chunk keeps what is copied until then.
at::Tensor FrameOutput::CopyToHost(const at::Tensor& tensor, Chunk& chunk) {
  const c10::Device& device = copies_.device();
  at::Tensor host = EmptyOnHost(tensor.sizes(), tensor.scalar_type(), device);
  Fence computed(device);
  computed.Record(copies_.compute());
  copies_.Copy(host, tensor, computed, chunk.copied);
  chunk.on_device.push_back(tensor);
  return host;
}

// The sum of numbers from 0 to 1 is finite, unless one of them is not.
FrameOutput::Chunk FrameOutput::Send(const at::Tensor& frames) {
  Chunk chunk = {.pixels = {}, .is_finite = {}, .copied = Fence(copies_.device()), .on_device = {}};
  chunk.is_finite = CopyToHost(at::isfinite(frames.sum()).view({1}), chunk);
  chunk.pixels = CopyToHost(PixelsOf(frames), chunk);
  return chunk;
}

absl::Status FrameOutput::Give(const Chunk& chunk) {
  chunk.copied.Await();
  if (!chunk.is_finite.item<bool>())
    return NotFinite("decoding gave frames");
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
