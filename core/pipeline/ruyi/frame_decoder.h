// Decodes latents into frames, chunk by chunk. Autoencoders that carry no features from chunk to chunk show seams; for
// them the frames around each seam are encoded and decoded once more and the two are averaged, as the reference does.
// Before it: denoise_loop.h. After it: the frame sink. Memory is bounded by a few chunks. Not thread-safe. Source:
// decode_latents and smooth_output of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/cancellation.h"
#include "core/model/vae/vae.h"

namespace ruyi {

class FrameDecoder {
 public:
  // `latents` [1, channels, f, h, w] in the transformer's scale; they make `frames` frames. `vae` must outlive it.
  FrameDecoder(const Vae& vae, const at::Tensor& latents, int64_t frames, CancellationToken token = {});

  bool done() const { return emitted_ == frames_; }

  // Returns the next frames, [3, n, H, W] float32 in [0, 1]; NaN where the decoder gave no finite number. Polls the
  // token before each tile that is decoded or encoded; returns its status. Must not be called when done or after an
  // error.
  absl::StatusOr<at::Tensor> Next();

 private:
  absl::StatusOr<at::Tensor> NextSmoothed();
  at::Tensor TakeRaw(int64_t count);
  absl::Status DecodeUntil(int64_t frame);
  absl::Status EncodeSeams(int64_t latents);

  const Vae& vae_;
  CancellationToken token_;
  at::Tensor latents_;
  int64_t frames_;
  int64_t emitted_ = 0;
  VaeDecoderStream stream_;
  at::Tensor raw_;  // decoded frames [1, 3, n, H, W] in [-1, 1], from frame number emitted_ on

  // These belong to the second pass over the seams, whose clip lacks half a chunk at either end.
  int64_t margin_ = 0;
  int64_t seams_encoded_ = 0;  // frames of that clip
  at::Tensor seam_latents_;
  std::optional<VaeDecoderStream> seams_;
};

}  // namespace ruyi
