#include "core/model/vae/latent_preview.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/round.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/model/vae/config.h"
#include "core/tensor/random_streams.h"

namespace ruyi {
namespace {

constexpr int64_t kSideLatents = 8;  // of each picture
constexpr double kRidge = 1e-6;      // of the mean square: keeps channels that say nothing from taking any weight
constexpr double kTextureContrast = 0.3;

// Makes pictures that are always the same, [1, 3, side, side] in [0, 1].
class Pictures {
 public:
  explicit Pictures(int64_t side) : side_(side) {}

  std::vector<at::Tensor> All() {
    std::vector<at::Tensor> pictures;
    for (const int64_t count : {2, 4, 8})
      pictures.push_back(at::upsample_nearest2d(Colours(count), {side_, side_}));
    for (const int64_t count : {2, 3, 4})
      pictures.push_back(Gradients(count));
    for (const int64_t count : {side_ / 4, side_ / 2}) {
      const at::Tensor texture = at::upsample_nearest2d(Colours(count), {side_, side_}) - 0.5;
      pictures.push_back((Gradients(3) + texture * kTextureContrast).clamp(0, 1));
    }
    return pictures;
  }

 private:
  // [1, 3, count, count]
  at::Tensor Colours(int64_t count) {
    return (random_.Normal(NoisePurpose::kInitialLatents, {1, 3, count, count}).value() * 0.3 + 0.5).clamp(0, 1);
  }

  at::Tensor Gradients(int64_t count) {
    return at::upsample_bilinear2d(Colours(count), {side_, side_}, /*align_corners=*/true);
  }

  int64_t side_;
  RandomStreams random_{1};
};

// Rows of latents [pixels, channels + 1], the last of which is 1, and the colours that they stand for [pixels, 3].
struct Samples {
  at::Tensor latents;
  at::Tensor colours;
};

// A clip in which `picture` stands still, encoded.
absl::StatusOr<Samples> Encode(const Vae& vae, const at::Tensor& picture) {
  const VaeConfig& config = vae.config();
  const at::Tensor clip = (picture * 2 - 1).unsqueeze(2).expand({-1, -1, config.encoder_chunk, -1, -1});
  std::vector<at::Tensor> moments;
  for (const VaeChunk& chunk : vae.EncoderChunks(config.encoder_chunk)) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor encoded, vae.EncodeChunk(clip.narrow(2, chunk.begin, chunk.count)));
    moments.push_back(encoded.to(at::kCPU, at::kDouble));
  }
  const at::Tensor means = at::cat(moments, 2)[0].narrow(0, 0, config.latent_channels) * config.scaling_factor;
  const int64_t scale = SpatialScale(config.down_blocks);
  const at::Tensor colours = at::avg_pool2d(picture.to(at::kDouble), {scale, scale})[0];
  const at::Tensor rows = means.flatten(1).t();
  return Samples{.latents = at::cat({rows, at::ones({rows.size(0), 1}, at::kDouble)}, 1),
                 .colours = colours.unsqueeze(1).expand({-1, means.size(1), -1, -1}).flatten(1).t()};
}

// [channels + 1, 3]
at::Tensor LeastSquares(const Samples& samples) {
  const at::Tensor transposed = samples.latents.t();
  const auto ridge = kRidge * static_cast<double>(samples.latents.size(0));
  const at::Tensor normal = transposed.mm(samples.latents) + at::eye(transposed.size(0), at::kDouble) * ridge;
  return at::linalg_solve(normal, transposed.mm(samples.colours));
}

}  // namespace

LatentPreview::LatentPreview(at::Tensor weights, at::Tensor bias)
    : weights_(std::move(weights)), bias_(std::move(bias)) {}

absl::StatusOr<LatentPreview> LatentPreview::Fit(const Vae& vae) {
  return GuardExceptions("fitting the preview of latents", [&]() -> absl::StatusOr<LatentPreview> {
    std::vector<at::Tensor> latents;
    std::vector<at::Tensor> colours;
    for (const at::Tensor& picture : Pictures(kSideLatents * SpatialScale(vae.config().down_blocks)).All()) {
      RUYI_ASSIGN_OR_RETURN(const Samples samples, Encode(vae, picture));
      latents.push_back(samples.latents);
      colours.push_back(samples.colours);
    }
    const at::Tensor map =
        LeastSquares({.latents = at::cat(latents), .colours = at::cat(colours)}).t().to(vae.device(), at::kFloat);
    const int64_t channels = map.size(1) - 1;
    return LatentPreview(map.narrow(1, 0, channels).contiguous(), map.narrow(1, channels, 1).contiguous());
  });
}

at::Tensor LatentPreview::Render(const at::Tensor& latents, int64_t frame, int64_t width) const {
  const at::Tensor picture = latents[0].select(1, frame).to(weights_.device(), at::kFloat);
  const int64_t height = std::max<int64_t>(
      1, std::lround(static_cast<double>(width * picture.size(1)) / static_cast<double>(picture.size(2))));
  const at::Tensor colours = at::addmm(bias_, weights_, picture.flatten(1)).clamp(0, 1);
  const at::Tensor small = colours.view({1, 3, picture.size(1), picture.size(2)});
  const at::Tensor resized = at::upsample_bilinear2d(small, {height, width}, /*align_corners=*/false);
  const at::Tensor pixels = at::round(resized[0] * 255).to(at::kByte);
  return pixels.permute({1, 2, 0}).contiguous().to(at::kCPU);
}

}  // namespace ruyi
