#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/core/model/vae/vae_copy.h"

namespace ruyi {
namespace {

using testing::ElementsAre;

at::Tensor Latents(int64_t frames) {
  return Random({1, 16, frames, 2, 3});
}

// Returns latents_needed() before each call of Next, and 0 at the end.
std::vector<int64_t> NeedsOf(const Vae& vae, const at::Tensor& latents) {
  std::vector<int64_t> needs;
  VaeDecoderStream stream(vae, latents.size(2));
  while (!stream.done()) {
    needs.push_back(stream.latents_needed());
    EXPECT_THAT(stream.Next(latents), IsOk());
  }
  needs.push_back(stream.latents_needed());
  return needs;
}

std::vector<int64_t> FramesOf(const Vae& vae, int64_t latents) {
  std::vector<int64_t> frames;
  for (VaeDecoderStream stream(vae, latents); !stream.done();)
    frames.push_back(stream.Next(Latents(latents))->size(2));
  return frames;
}

// Decodes with no more latents at hand than the stream asks for.
at::Tensor DecodeAsNeeded(const Vae& vae, const at::Tensor& latents) {
  std::vector<at::Tensor> frames;
  for (VaeDecoderStream stream(vae, latents.size(2)); !stream.done();)
    frames.push_back(*stream.Next(latents.narrow(2, 0, stream.latents_needed())));
  return at::cat(frames, 2);
}

TEST(VaeDecode, EveryLatentMakesFourFrames) {
  for (const Vae* vae : {&SliceVae(), &CacheVae()}) {
    for (const int64_t latents : {2, 4, 6})
      EXPECT_EQ(vae->Decode(Latents(latents)).sizes(), (std::vector<int64_t>{1, 3, 4 * latents, 16, 24}));
  }
}

TEST(VaeDecode, ALoneFirstLatentMakesOneFrame) {
  EXPECT_THAT(FramesOf(SliceVae(), 1), ElementsAre(1));
  EXPECT_THAT(FramesOf(SliceVae(), 5), ElementsAre(1, 8, 8));
  EXPECT_THAT(FramesOf(CacheVae(), 1), ElementsAre(1));
  EXPECT_THAT(FramesOf(CacheVae(), 5), ElementsAre(8, 8, 4));
}

TEST(VaeDecoderStream, GivesTheFramesOfDecode) {
  for (const Vae* vae : {&SliceVae(), &CacheVae()}) {
    for (const int64_t count : {1, 2, 4, 5, 6}) {
      const at::Tensor latents = Latents(count);
      EXPECT_TRUE(at::equal(DecodeAsNeeded(*vae, latents), vae->Decode(latents))) << count;
    }
  }
}

TEST(VaeDecoderStream, NeedsTheChunkAndInSliceModeTheNextOne) {
  EXPECT_THAT(NeedsOf(SliceVae(), Latents(6)), ElementsAre(4, 6, 6, 0));
  EXPECT_THAT(NeedsOf(SliceVae(), Latents(2)), ElementsAre(2, 0));
  EXPECT_THAT(NeedsOf(SliceVae(), Latents(5)), ElementsAre(1, 5, 5, 0));
  EXPECT_THAT(NeedsOf(CacheVae(), Latents(6)), ElementsAre(2, 4, 6, 0));
  EXPECT_THAT(NeedsOf(CacheVae(), Latents(3)), ElementsAre(2, 3, 0));
}

// Latents beyond latents_needed() may be anything.
TEST(VaeDecoderStream, DoesNotLookAtLatentsItDoesNotNeed) {
  for (const Vae* vae : {&SliceVae(), &CacheVae()}) {
    const at::Tensor latents = Latents(6);
    at::Tensor spoilt = at::full_like(latents, std::numeric_limits<float>::quiet_NaN());
    VaeDecoderStream whole(*vae, 6);
    VaeDecoderStream stream(*vae, 6);
    spoilt.narrow(2, 0, stream.latents_needed()).copy_(latents.narrow(2, 0, stream.latents_needed()));
    EXPECT_TRUE(at::equal(*stream.Next(spoilt), *whole.Next(latents)));
  }
}

TEST(VaeDecoderStream, FramesDependOnTheChunksAround) {
  const at::Tensor latents = Latents(6);
  at::Tensor changed = latents.clone();
  changed.narrow(2, 4, 2).mul_(-1);
  const auto same = [&](const Vae& vae, int64_t frame) {
    return at::allclose(vae.Decode(latents).select(2, frame), vae.Decode(changed).select(2, frame), 1e-4, 1e-5);
  };
  EXPECT_TRUE(same(SliceVae(), 7));    // two chunks away
  EXPECT_FALSE(same(SliceVae(), 12));  // the chunk before sees its neighbour
  EXPECT_TRUE(same(CacheVae(), 15));   // only what is behind is carried
  EXPECT_FALSE(same(CacheVae(), 16));
}

// Features go from the first chunk to the second, and from the second to the third.
TEST(VaeDecoderStream, CarriesFeaturesToTheNextChunkInCacheMode) {
  const at::Tensor latents = Latents(6);
  const at::Tensor video = CacheVae().Decode(latents);
  for (const int64_t chunk : {0, 1}) {
    at::Tensor changed = latents.clone();
    changed.narrow(2, 2 * chunk, 2).mul_(-1);
    const int64_t next = 8 * (chunk + 1);
    EXPECT_FALSE(at::allclose(video.narrow(2, next, 8), CacheVae().Decode(changed).narrow(2, next, 8))) << chunk;
  }
}

TEST(VaeDecoderStream, StreamsOfOneVaeDoNotMeet) {
  const at::Tensor latents = Latents(4);
  const at::Tensor expected = CacheVae().Decode(latents);
  VaeDecoderStream stream(CacheVae(), 4);
  VaeDecoderStream other(CacheVae(), 4);
  const at::Tensor first = *stream.Next(latents);
  EXPECT_THAT(other.Next(Random({1, 16, 4, 2, 3}, 6)), IsOk());
  EXPECT_TRUE(at::equal(at::cat({first, *stream.Next(latents)}, 2), expected));
}

TEST(VaeDecode, ChunksThatKnowNothingOfEachOther) {
  const TemporaryFolder folder;
  CopyVae("tiny", {{"slice_compression_vae", false}, {"slice_mag_vae", true}, {"mini_batch_decoder", 3}}, folder);
  const Vae vae = LoadVae(folder.path());
  EXPECT_THAT(FramesOf(vae, 6), ElementsAre(9, 9));  // the first latent of a causal chunk is one frame
  const at::Tensor latents = Latents(6);
  EXPECT_TRUE(at::equal(vae.Decode(latents).narrow(2, 9, 9), vae.Decode(latents.narrow(2, 3, 3))));
  EXPECT_THAT(NeedsOf(vae, latents), ElementsAre(3, 6, 0));
}

TEST(VaeDecode, TheWholeClipAtOnce) {
  const TemporaryFolder folder;
  CopyVae("tiny", {{"slice_compression_vae", false}, {"slice_mag_vae", false}}, folder);
  const Vae vae = LoadVae(folder.path());
  EXPECT_THAT(FramesOf(vae, 5), ElementsAre(17));
  EXPECT_THAT(NeedsOf(vae, Latents(5)), ElementsAre(5, 0));
}

}  // namespace
}  // namespace ruyi
