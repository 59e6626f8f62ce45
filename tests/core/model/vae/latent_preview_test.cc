#include "core/model/vae/latent_preview.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/model/vae/vae_copy.h"

namespace ruyi {
namespace {

constexpr int64_t kHeight = 96;
constexpr int64_t kWidth = 160;
constexpr int64_t kScale = 8;

// The autoencoder of the demo model, which has learnt pictures.
const Vae& TrainedVae() {
  static const Vae* const vae =
      new Vae(LoadVae(std::filesystem::path(RUYI_SOURCE_DIR) / "models" / "ruyi-tiny" / "vae"));
  return *vae;
}

const LatentPreview& Preview() {
  static const LatentPreview* const preview = new LatentPreview(*LatentPreview::Fit(TrainedVae()));
  return *preview;
}

at::Tensor Colour(double red, double green, double blue) {
  return at::tensor({red, green, blue}, at::kFloat).view({3, 1, 1});
}

// A landscape [3, height, width] in [0, 1]: sky, sun, a lake, a house with windows.
at::Tensor Landscape() {
  const at::Tensor down = at::linspace(0, 1, kHeight).view({1, kHeight, 1});
  const at::Tensor right = at::linspace(0, 1, kWidth).view({1, 1, kWidth});
  at::Tensor picture = Colour(0.3, 0.5, 0.9) + down * Colour(0.6, 0.3, -0.1) + right * 0;
  const auto paint = [&](const at::Tensor& where, const at::Tensor& colour) {
    picture = picture * (1 - where.to(at::kFloat)) + colour * where.to(at::kFloat);
  };
  paint((down - 0.25).square() + (right - 0.75).square() * 2.8 < 0.02, Colour(1, 0.9, 0.4));
  paint(down + right * 0 > 0.6, Colour(0.15, 0.4, 0.2) + (right * 40).sin() * 0.05);
  paint((down > 0.75) * (right > 0.5), Colour(0.1, 0.25, 0.5));
  paint((down > 0.4) * (down < 0.8) * (right > 0.1) * (right < 0.4), Colour(0.7, 0.25, 0.2));
  paint((down > 0.5) * (down < 0.6) * (right > 0.15) * (right < 0.22), Colour(0.95, 0.95, 0.85));
  return picture.clamp(0, 1);
}

// Returns the latents, in the transformer's scale, of a clip in which `picture` stands still.
at::Tensor LatentsOf(const Vae& vae, const at::Tensor& picture) {
  const at::Tensor clip = (picture * 2 - 1).view({1, 3, 1, kHeight, kWidth}).expand({-1, -1, 8, -1, -1});
  return vae.EncodeMoments(clip).narrow(1, 0, vae.config().latent_channels) * vae.config().scaling_factor;
}

// Returns the peak signal-to-noise ratio in dB, of pictures in [0, 1].
double Psnr(const at::Tensor& a, const at::Tensor& b) {
  return -10 * std::log10((a - b).square().mean().item<double>());
}

// Measured: 27.2 and 26.2 dB.
TEST(LatentPreview, LooksLikeTheEncodedPicture) {
  const at::Tensor latents = LatentsOf(TrainedVae(), Landscape());
  const at::Tensor pooled = at::avg_pool2d(Landscape().unsqueeze(0), {kScale, kScale})[0];
  for (const int64_t frame : {0, 1}) {
    const at::Tensor shown = Preview().Render(latents, frame, kWidth / kScale).permute({2, 0, 1}).to(at::kFloat) / 255;
    EXPECT_GT(Psnr(shown, pooled), 25) << frame;
  }
}

TEST(LatentPreview, IsTheSameEveryTime) {
  const at::Tensor latents = Random({1, 16, 2, 6, 10});
  ASSERT_OK_AND_ASSIGN(const LatentPreview again, LatentPreview::Fit(TrainedVae()));
  EXPECT_TRUE(at::equal(again.Render(latents, 1, 80), Preview().Render(latents, 1, 80)));
}

TEST(LatentPreview, HasTheWidthAndTheShapeOfTheLatents) {
  const at::Tensor latents = Random({1, 16, 1, 6, 10});
  for (const auto& [width, height] : std::vector<std::pair<int64_t, int64_t>>{{10, 6}, {160, 96}, {5, 3}, {1, 1}}) {
    const at::Tensor pixels = Preview().Render(latents, 0, width);
    EXPECT_EQ(pixels.sizes(), at::IntArrayRef({height, width, 3}));
    EXPECT_EQ(pixels.scalar_type(), at::kByte);
    EXPECT_TRUE(pixels.is_contiguous());
  }
}

TEST(LatentPreview, ShowsTheFrameThatIsAskedFor) {
  const at::Tensor latents = Random({1, 16, 3, 6, 10});
  EXPECT_TRUE(at::equal(Preview().Render(latents, 2, 10), Preview().Render(latents.narrow(2, 2, 1), 0, 10)));
  EXPECT_FALSE(at::equal(Preview().Render(latents, 2, 10), Preview().Render(latents, 1, 10)));
}

TEST(LatentPreview, ClampsWhatLiesBeyondColours) {
  const at::Tensor pixels = Preview().Render(Random({1, 16, 1, 6, 10}) * 1e6, 0, 10);
  EXPECT_TRUE(((pixels == 0) + (pixels == 255)).all().item<bool>());
}

TEST(LatentPreview, FitsEveryTemporalMode) {
  for (const auto& [slice, mag] : std::vector<std::pair<bool, bool>>{{true, true}, {false, true}, {false, false}}) {
    const TemporaryFolder folder;
    CopyVae("tiny", {{"slice_compression_vae", slice}, {"slice_mag_vae", mag}, {"mini_batch_encoder", 9}}, folder);
    EXPECT_THAT(LatentPreview::Fit(LoadVae(folder.path())), IsOk()) << slice << mag;
  }
}

TEST(LatentPreview, AnAutoencoderThatFailsIsAStatus) {
  const VaeTileGrid too_small = {.tile = 1, .step = 1, .blend = 0, .keep = 1};
  EXPECT_THAT(LatentPreview::Fit(TrainedVae().WithGrids(too_small, std::nullopt)),
              StatusIs(absl::StatusCode::kInternal, testing::HasSubstr("preview")));
}

}  // namespace
}  // namespace ruyi
