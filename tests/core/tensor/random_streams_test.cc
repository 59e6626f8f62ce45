#include "core/tensor/random_streams.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

constexpr NoisePurpose kAll[] = {NoisePurpose::kInitialLatents, NoisePurpose::kMaskPosterior,
                                 NoisePurpose::kImagePosterior, NoisePurpose::kStepNoise};

at::Tensor Draw(RandomStreams& streams, NoisePurpose purpose) {
  return streams.Normal(purpose, {4, 8}).value();
}

// torch.randn(3, generator=torch.Generator().manual_seed(42)); the golden folder holds a whole tensor.
TEST(RandomStreams, InitialLatentsAreTorchsForThatSeed) {
  RandomStreams streams(42);
  const at::Tensor drawn = streams.Normal(NoisePurpose::kInitialLatents, {3}).value();
  EXPECT_TRUE(at::equal(drawn, at::tensor({0.33669036626815796f, 0.12880940735340118f, 0.23446236550807953f})));
}

TEST(RandomStreams, OneSeedGivesOneSeriesPerPurpose) {
  for (const NoisePurpose purpose : kAll) {
    RandomStreams first(7);
    RandomStreams second(7);
    EXPECT_TRUE(at::equal(Draw(first, purpose), Draw(second, purpose)));
    EXPECT_TRUE(at::equal(Draw(first, purpose), Draw(second, purpose)));
  }
}

TEST(RandomStreams, DrawingGoesOn) {
  RandomStreams streams(7);
  EXPECT_FALSE(at::equal(Draw(streams, NoisePurpose::kStepNoise), Draw(streams, NoisePurpose::kStepNoise)));
}

TEST(RandomStreams, PurposesDoNotShareNumbers) {
  for (const NoisePurpose a : kAll) {
    for (const NoisePurpose b : kAll) {
      RandomStreams streams(7);
      const at::Tensor first = Draw(streams, a);
      EXPECT_TRUE(a == b || !at::equal(first, Draw(streams, b)));
    }
  }
}

TEST(RandomStreams, OnePurposeDoesNotShiftAnother) {
  RandomStreams alone(7);
  RandomStreams busy(7);
  for (const NoisePurpose purpose : kAll) {
    if (purpose != NoisePurpose::kImagePosterior)
      Draw(busy, purpose);
  }
  EXPECT_TRUE(at::equal(Draw(alone, NoisePurpose::kImagePosterior), Draw(busy, NoisePurpose::kImagePosterior)));
}

TEST(RandomStreams, SeedsDiffer) {
  for (const NoisePurpose purpose : kAll) {
    RandomStreams first(7);
    RandomStreams second(8);
    EXPECT_FALSE(at::equal(Draw(first, purpose), Draw(second, purpose)));
  }
}

TEST(RandomStreams, NegativeShapeIsAStatus) {
  RandomStreams streams(7);
  EXPECT_TRUE(absl::IsInternal(streams.Normal(NoisePurpose::kStepNoise, {-1}).status()));
}

TEST(RandomStreams, MoreThanMemoryIsAStatus) {
  RandomStreams streams(7);
  EXPECT_FALSE(streams.Normal(NoisePurpose::kStepNoise, {int64_t{1} << 50}).ok());
}

// The bytes where libtorch keeps the place in its block and how many numbers are left of it.
constexpr int64_t kLeftByte = 8;
constexpr int64_t kNextByte = 16;

// Returns what a generator that has made a block saves, with one byte changed.
TensorState Changed(int64_t byte, int value) {
  RandomStreams streams(7);
  Draw(streams, NoisePurpose::kStepNoise);
  TensorState state = streams.Save();
  at::Tensor damaged = state.Get("step_noise")->clone();
  damaged[byte].fill_(value);
  state.Put("step_noise", damaged);
  return state;
}

TEST(RandomStreams, RefuseToRestoreWhatIsNoStateOfThem) {
  TensorState short_one = RandomStreams(7).Save();
  short_one.Put("step_noise", short_one.Get("step_noise")->narrow(0, 0, 100));
  TensorState long_one = RandomStreams(7).Save();
  long_one.PutDouble("more", 1);
  TensorState other_type = RandomStreams(7).Save();
  other_type.PutDouble("image_posterior", 1);
  for (const TensorState& state :
       {TensorState(), short_one, long_one, other_type, Changed(kLeftByte, 3), Changed(kNextByte, 255)}) {
    RandomStreams streams(7);
    EXPECT_THAT(streams.Restore(state), StatusIs(absl::StatusCode::kFailedPrecondition));
    RandomStreams untouched(7);
    EXPECT_TRUE(at::equal(Draw(streams, NoisePurpose::kStepNoise), Draw(untouched, NoisePurpose::kStepNoise)));
  }
}

// A source that says nothing about saving.
class PlainSource final : public NoiseSource {
  absl::StatusOr<at::Tensor> Normal(NoisePurpose, at::IntArrayRef) override { return at::Tensor(); }
};

TEST(NoiseSource, CannotBeRestoredUnlessItSaysHow) {
  PlainSource source;
  EXPECT_THAT(source.Save().tensors(), testing::IsEmpty());
  EXPECT_THAT(source.Restore({}), StatusIs(absl::StatusCode::kFailedPrecondition, testing::HasSubstr("anew")));
}

}  // namespace
}  // namespace ruyi
