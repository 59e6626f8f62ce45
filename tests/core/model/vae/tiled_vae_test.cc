#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/max.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/model/vae/vae_copy.h"
#include "tests/support/ticking_clock.h"

namespace ruyi {
namespace {

// Tiles of 24 pixels in steps of 16, or 3 latents in steps of 2.
constexpr int64_t kTile = 24;

Vae CopyWith(const std::string& model, nlohmann::json changes) {
  const TemporaryFolder folder;
  CopyVae(model, changes, folder);
  return LoadVae(folder.path());
}

Vae Tiled(const std::string& model, int64_t pixels = kTile) {
  return CopyWith(model, {{"use_tiling", true}, {"tile_sample_min_size", pixels}});
}

// Returns autoencoders of slice, cache, plain and chunks mode that work by tiles.
std::vector<Vae> TiledInEveryMode() {
  const nlohmann::json tiles = {{"use_tiling", true},
                                {"tile_sample_min_size", kTile},
                                {"slice_compression_vae", false},
                                {"slice_mag_vae", false}};
  nlohmann::json chunks = tiles;
  chunks["slice_mag_vae"] = true;
  return {Tiled("tiny"), Tiled("tiny-cache"), CopyWith("tiny", tiles), CopyWith("tiny", chunks)};
}

double GreatestDifference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return (a - b).abs().max().item<double>();
}

TEST(TiledVae, KeepsTheSizeOfPicturesOfAnySize) {
  const std::tuple<int64_t, int64_t, int64_t> sizes[] = {{48, 48, 80}, {40, 64, 112}, {40, 40, 48}, {48, 72, 16}};
  for (const auto& [tile, height, width] : sizes) {
    for (const Vae& vae : {Tiled("tiny", tile), Tiled("tiny-cache", tile)}) {
      const at::Tensor moments = vae.EncodeMoments(Random({1, 3, 1, height, width}));
      EXPECT_EQ(moments.sizes(), (std::vector<int64_t>{1, 32, 1, height / 8, width / 8}));
      const at::Tensor video = vae.Decode(Random({1, 16, 1, height / 8, width / 8}));
      EXPECT_EQ(video.sizes(), (std::vector<int64_t>{1, 3, 1, height, width}));
    }
  }
}

// The reference passes the whole clip through one tile before the next. So a tile sees what its own convolutions
// carried over, in cache mode, or its own part of the chunks around, in slice mode.
TEST(TiledVae, ATileIsDecodedAsAClipOfItsOwn) {
  const at::Tensor latents = Random({1, 16, 6, 3, 4});
  for (const Vae& tiled : TiledInEveryMode()) {
    const Vae whole = tiled.WithTiling(false);
    const auto decode = [&](const at::Tensor& tile, size_t) { return whole.Decode(tile); };
    const at::Tensor expected = *PassByTiles(DecoderGrid(tiled.config()), latents, decode);
    EXPECT_LT(GreatestDifference(tiled.Decode(latents), expected), 1e-5);
    EXPECT_GT(GreatestDifference(expected, whole.Decode(latents)), 1e-3);
  }
}

TEST(TiledVae, ATileIsEncodedAsAClipOfItsOwn) {
  const at::Tensor video = Random({1, 3, 17, 24, 32});
  for (const Vae& tiled : TiledInEveryMode()) {
    const Vae whole = tiled.WithTiling(false);
    const auto encode = [&](const at::Tensor& tile, size_t) { return whole.EncodeMoments(tile); };
    const at::Tensor expected = *PassByTiles(EncoderGrid(tiled.config()), video, encode);
    EXPECT_LT(GreatestDifference(tiled.EncodeMoments(video), expected), 1e-5);
    EXPECT_GT(GreatestDifference(expected, whole.EncodeMoments(video)), 1e-3);
  }
}

TEST(TiledVae, PicturesUpToATileAreNotCut) {
  const Vae tiled = Tiled("tiny");
  const at::Tensor video = Random({1, 3, 8, 24, 16});
  const at::Tensor latents = Random({1, 16, 4, 2, 3});
  EXPECT_TRUE(at::equal(tiled.EncodeMoments(video), SliceVae().EncodeMoments(video)));
  EXPECT_TRUE(at::equal(tiled.Decode(latents), SliceVae().Decode(latents)));
}

TEST(TiledVae, TheConfigurationTilesOneSideOrBoth) {
  const at::Tensor video = Random({1, 3, 1, 32, 24});
  const at::Tensor latents = Random({1, 16, 1, 3, 4});
  const std::tuple<const char*, bool, bool> keys[] = {
      {"use_tiling", true, true}, {"use_tiling_encoder", true, false}, {"use_tiling_decoder", false, true}};
  for (const auto& [key, encoder, decoder] : keys) {
    const Vae vae = CopyWith("tiny", {{key, true}, {"tile_sample_min_size", kTile}});
    EXPECT_NE(at::equal(vae.EncodeMoments(video), SliceVae().EncodeMoments(video)), encoder) << key;
    EXPECT_NE(at::equal(vae.Decode(latents), SliceVae().Decode(latents)), decoder) << key;
  }
}

TEST(TiledVae, WithTilingSwitchesBothSidesWhateverTheConfigurationSays) {
  const at::Tensor video = Random({1, 3, 1, 32, 24});
  const at::Tensor latents = Random({1, 16, 1, 3, 4});
  const Vae tiled = Tiled("tiny");
  const Vae encoder_only = CopyWith("tiny", {{"use_tiling_encoder", true}, {"tile_sample_min_size", kTile}});
  for (const Vae& vae : {tiled, encoder_only}) {
    EXPECT_TRUE(at::equal(vae.WithTiling(true).EncodeMoments(video), tiled.EncodeMoments(video)));
    EXPECT_TRUE(at::equal(vae.WithTiling(true).Decode(latents), tiled.Decode(latents)));
    EXPECT_TRUE(at::equal(vae.WithTiling(false).EncodeMoments(video), SliceVae().EncodeMoments(video)));
    EXPECT_TRUE(at::equal(vae.WithTiling(false).Decode(latents), SliceVae().Decode(latents)));
  }
}

TEST(TiledVae, PollsTheTokenBeforeEveryTileOfAChunk) {
  const Vae vae = Tiled("tiny");
  const TickingClock clock;
  const CancellationSource source(absl::InfiniteDuration(), clock);
  ASSERT_THAT(vae.EncodeChunk(Random({1, 3, 1, 40, 72}), source.token()), IsOk());
  EXPECT_EQ(clock.readings(), 3 * 5);
  VaeDecoderStream stream(vae, 1);
  ASSERT_THAT(stream.Next(Random({1, 16, 1, 5, 9}), source.token()), IsOk());
  EXPECT_EQ(clock.readings(), 3 * 5 + 3 * 5 + 1);  // and the corner
  ASSERT_THAT(vae.WithTiling(false).EncodeChunk(Random({1, 3, 1, 40, 72}), source.token()), IsOk());
  EXPECT_EQ(clock.readings(), 3 * 5 + 3 * 5 + 1 + 1);
}

TEST(TiledVae, EndsBetweenTwoTiles) {
  const Vae vae = Tiled("tiny");
  for (const int last : {0, 6}) {
    const TickingClock encoding;
    const CancellationSource encoder(TickingClock::ElapsedAtReading(last), encoding);
    EXPECT_THAT(vae.EncodeChunk(Random({1, 3, 1, 40, 72}), encoder.token()),
                StatusIs(absl::StatusCode::kDeadlineExceeded));
    EXPECT_EQ(encoding.readings(), last + 1);
    const TickingClock decoding;
    const CancellationSource decoder(TickingClock::ElapsedAtReading(last), decoding);
    VaeDecoderStream stream(vae, 1);
    EXPECT_THAT(stream.Next(Random({1, 16, 1, 5, 9}), decoder.token()), StatusIs(absl::StatusCode::kDeadlineExceeded));
    EXPECT_EQ(decoding.readings(), last + 1);
  }
}

}  // namespace
}  // namespace ruyi
