// Gives decoded frames to a sink as 8-bit images: turns them into bytes on the device, and copies them to the host
// while the device goes on with the next chunk. Before it: frame_decoder.h. After it: a FrameSink. Not thread-safe:
// belongs to the thread that computes.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "core/memory/copy_stream.h"
#include "core/pipeline/frame_sink.h"

namespace ruyi {

class FrameOutput {
 public:
  // `device` is where the frames come from. `sink` must outlive the output.
  FrameOutput(c10::Device device, FrameSink& sink) : copies_(device), sink_(sink) {}

  // Takes the next frames [3, n, H, W] in [0, 1], and gives those before them to the sink. Blocks until the latter have
  // been copied, and in the sink. Returns the sink's error; INTERNAL with reason NOT_FINITE: the latter hold a number
  // that is not finite, and are not given.
  absl::Status Add(const at::Tensor& frames);

  // Gives the last frames to the sink. Errors: those of Add.
  absl::Status Finish();

 private:
  struct Chunk {
    at::Tensor pixels;     // [n, H, W, 3] uint8 on the host
    at::Tensor is_finite;  // [1] bool on the host: all numbers of the frames were finite
    Fence copied;
    std::vector<at::Tensor> on_device;  // what is being copied
  };

  Chunk Send(const at::Tensor& frames);
  at::Tensor CopyToHost(const at::Tensor& tensor, Chunk& chunk);
  absl::Status Give(const Chunk& chunk);

  std::optional<Chunk> under_way_;
  CopyStream copies_;  // after the chunk: it waits for copies before the memory goes
  FrameSink& sink_;
};

}  // namespace ruyi
