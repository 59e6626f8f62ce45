#include "core/pipeline/ruyi/frame_decoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/chunk.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/max.h>
#include <ATen/ops/min.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/tensor/random_streams.h"
#include "tests/core/pipeline/model_copy.h"
#include "tests/support/status_matchers.h"
#include "tests/support/ticking_clock.h"

namespace ruyi {
namespace {

using testing::ElementsAre;

// Returns latents in the transformer's scale.
at::Tensor LatentsOf(int64_t frames) {
  return *RandomStreams(9).Normal(NoisePurpose::kInitialLatents, {1, 16, frames / 4, 4, 3});
}

// The frames of each call of Next.
std::vector<at::Tensor> DecodeByChunks(const Vae& vae, int64_t frames) {
  std::vector<at::Tensor> chunks;
  for (FrameDecoder decoder(vae, LatentsOf(frames), frames); !decoder.done();)
    chunks.push_back(*decoder.Next());
  return chunks;
}

std::vector<int64_t> CountsOf(const std::vector<at::Tensor>& chunks) {
  std::vector<int64_t> counts;
  for (const at::Tensor& chunk : chunks)
    counts.push_back(chunk.size(1));
  return counts;
}

// [1, 3, F, H, W] in [-1, 1] → [3, F, H, W] in [0, 1]
at::Tensor ToUnitRange(const at::Tensor& video) {
  return at::clamp(video[0] / 2 + 0.5, 0, 1);
}

at::Tensor DecodeClamped(const Vae& vae, int64_t frames) {
  return at::clamp(vae.Decode(LatentsOf(frames) / vae.config().scaling_factor), -1, 1);
}

// Does what decode_latents and smooth_output of the reference do, on the whole clip.
at::Tensor DecodeWhole(const Vae& vae, int64_t frames) {
  at::Tensor video = DecodeClamped(vae, frames);
  const int64_t before = vae.config().encoder_chunk / 2;
  at::Tensor middle = video.narrow(2, before, frames - vae.config().encoder_chunk);
  const at::Tensor again = vae.Decode(at::chunk(vae.EncodeMoments(middle), 2, 1)[0]);
  middle.copy_((middle + again) / 2);
  return ToUnitRange(at::clamp(video, -1, 1));
}

double GreatestDifference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return (a - b).abs().max().item<double>();
}

TEST(FrameDecoder, SmoothsAsTheReferenceDoesOnTheWholeClip) {
  const Vae& vae = LoadedModel("tiny").vae;
  for (const int64_t frames : {16, 24, 40}) {
    const at::Tensor streamed = at::cat(DecodeByChunks(vae, frames), 1);
    EXPECT_LT(GreatestDifference(streamed, DecodeWhole(vae, frames)), 1e-5) << frames;
    EXPECT_GT(GreatestDifference(streamed, ToUnitRange(DecodeClamped(vae, frames))), 1e-2) << frames;
  }
}

TEST(FrameDecoder, LeavesAClipOfOneChunkAsItIs) {
  const Vae& vae = LoadedModel("tiny").vae;
  EXPECT_LT(GreatestDifference(at::cat(DecodeByChunks(vae, 8), 1), ToUnitRange(DecodeClamped(vae, 8))), 1e-6);
}

TEST(FrameDecoder, DoesNotSmoothWhatTheAutoencoderCarriesOver) {
  const Vae& vae = LoadedModel("tiny-cache").vae;
  EXPECT_LT(GreatestDifference(at::cat(DecodeByChunks(vae, 24), 1), ToUnitRange(DecodeClamped(vae, 24))), 1e-6);
}

TEST(FrameDecoder, GivesFramesAsSoonAsTheyAreThere) {
  const Vae& slice = LoadedModel("tiny").vae;
  EXPECT_THAT(CountsOf(DecodeByChunks(slice, 8)), ElementsAre(8));
  EXPECT_THAT(CountsOf(DecodeByChunks(slice, 16)), ElementsAre(4, 8, 4));
  EXPECT_THAT(CountsOf(DecodeByChunks(slice, 24)), ElementsAre(4, 8, 8, 4));
  const Vae& cache = LoadedModel("tiny-cache").vae;
  EXPECT_THAT(CountsOf(DecodeByChunks(cache, 8)), ElementsAre(8));
  EXPECT_THAT(CountsOf(DecodeByChunks(cache, 24)), ElementsAre(8, 8, 8));
}

TEST(FrameDecoder, FramesLieBetweenZeroAndOne) {
  for (const char* model : {"tiny", "tiny-cache"}) {
    for (const at::Tensor& chunk : DecodeByChunks(LoadedModel(model).vae, 16)) {
      EXPECT_EQ(chunk.scalar_type(), at::kFloat);
      EXPECT_GE(chunk.min().item<float>(), 0);
      EXPECT_LE(chunk.max().item<float>(), 1);
    }
  }
}

// Two chunks of four tiles and a corner; around their seam four tiles to encode, five to decode.
TEST(FrameDecoder, EndsBetweenTwoTiles) {
  const ModelCopy model("tiny");
  model.Configure("vae/config.json", {{"use_tiling", true}, {"tile_sample_min_size", 24}});
  ASSERT_OK_AND_ASSIGN(const RuyiModels models, model.Load());
  for (const int last : {2, 7, 12, 16, 5 + 5 + 4 + 5 - 1}) {
    const TickingClock clock;
    const CancellationSource source(TickingClock::ElapsedAtReading(last), clock);
    FrameDecoder decoder(models.vae, LatentsOf(16), 16, source.token());
    absl::Status status;
    while (status.ok() && !decoder.done())
      status = decoder.Next().status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded)) << last;
    EXPECT_EQ(clock.readings(), last + 1);
  }
}

}  // namespace
}  // namespace ruyi
