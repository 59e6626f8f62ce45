#include "core/pipeline/ruyi/frame_decoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/chunk.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/nan_to_num.h>

#include <limits>
#include <utility>

#include "core/base/status_macros.h"

namespace ruyi {
namespace {

at::Tensor Append(const at::Tensor& first, const at::Tensor& second) {
  return first.defined() ? at::cat({first, second}, 2) : second;
}

// Clamps the frames to [-1, 1]. Infinite numbers become NaN, which no later step hides.
at::Tensor Clamp(const at::Tensor& frames) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  return at::clamp(at::nan_to_num(frames, kNaN, kNaN, kNaN), -1.0, 1.0);
}

// [1, 3, n, H, W] in [-1, 1] → [3, n, H, W] in [0, 1]
at::Tensor ToUnitRange(const at::Tensor& frames) {
  return at::clamp(frames[0] / 2 + 0.5, 0.0, 1.0);
}

}  // namespace

FrameDecoder::FrameDecoder(const Vae& vae, const at::Tensor& latents, int64_t frames, CancellationToken token)
    : vae_(vae),
      token_(std::move(token)),
      latents_(latents / vae.config().scaling_factor),
      frames_(frames),
      stream_(vae, latents.size(2)) {
  const VaeConfig& config = vae.config();
  if (config.temporal_mode == VaeTemporalMode::kCache || frames <= config.encoder_chunk)
    return;
  margin_ = config.encoder_chunk / 2;
  seams_.emplace(vae, (frames - config.encoder_chunk) / config.encoder_chunk * config.decoder_chunk);
}

absl::StatusOr<at::Tensor> FrameDecoder::Next() {
  if (seams_.has_value()) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor smoothed, NextSmoothed());
    return ToUnitRange(smoothed);
  }
  RUYI_RETURN_IF_ERROR(DecodeUntil(emitted_ + 1));
  return ToUnitRange(TakeRaw(raw_.size(2)));
}

absl::StatusOr<at::Tensor> FrameDecoder::NextSmoothed() {
  if (emitted_ < margin_) {
    RUYI_RETURN_IF_ERROR(DecodeUntil(margin_));
    return TakeRaw(margin_);
  }
  if (seams_->done()) {
    RUYI_RETURN_IF_ERROR(DecodeUntil(frames_));
    return TakeRaw(frames_ - emitted_);
  }
  RUYI_RETURN_IF_ERROR(EncodeSeams(seams_->latents_needed()));
  RUYI_ASSIGN_OR_RETURN(const at::Tensor again, seams_->Next(seam_latents_, token_));
  return Clamp((TakeRaw(again.size(2)) + again.to(at::kFloat)) / 2);
}

// The next `count` decoded frames, which must be there.
at::Tensor FrameDecoder::TakeRaw(int64_t count) {
  const at::Tensor taken = raw_.narrow(2, 0, count);
  raw_ = raw_.narrow(2, count, raw_.size(2) - count);
  emitted_ += count;
  return taken;
}

// Decodes chunks until the frames before number `frame` are there.
absl::Status FrameDecoder::DecodeUntil(int64_t frame) {
  while (emitted_ + (raw_.defined() ? raw_.size(2) : 0) < frame) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor decoded, stream_.Next(latents_, token_));
    raw_ = Append(raw_, Clamp(decoded.to(at::kFloat)));
  }
  return absl::OkStatus();
}

// Encodes the frames around the seams until there are `latents` of them.
absl::Status FrameDecoder::EncodeSeams(int64_t latents) {
  const int64_t chunk = vae_.config().encoder_chunk;
  while (!seam_latents_.defined() || seam_latents_.size(2) < latents) {
    const int64_t begin = margin_ + seams_encoded_;
    RUYI_RETURN_IF_ERROR(DecodeUntil(begin + chunk));
    RUYI_ASSIGN_OR_RETURN(const at::Tensor moments, vae_.EncodeChunk(raw_.narrow(2, begin - emitted_, chunk), token_));
    seam_latents_ = Append(seam_latents_, at::chunk(moments, 2, 1)[0]);
    seams_encoded_ += chunk;
  }
  return absl::OkStatus();
}

}  // namespace ruyi
