#include "core/pipeline/ruyi/frame_output.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/arange.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "core/base/error_reasons.h"
#include "tests/core/pipeline/recording_sinks.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Returns `count` frames of 3 × 2 pixels; the bytes of each frame are its number.
at::Tensor Frames(int64_t first, int64_t count) {
  return ((at::arange(first, first + count) + 0.5) / 255).view({1, count, 1, 1}).expand({3, count, 2, 3});
}

std::vector<int> Numbers(const RecordingFrames& frames) {
  std::vector<int> numbers;
  for (const RgbImage& frame : frames.frames)
    numbers.push_back(frame.pixels.front());
  return numbers;
}

TEST(FrameOutput, GivesFramesInOrderAChunkLater) {
  RecordingFrames frames;
  FrameOutput output(c10::kCPU, frames);
  EXPECT_THAT(output.Add(Frames(0, 3)), IsOk());
  EXPECT_THAT(Numbers(frames), IsEmpty());
  EXPECT_THAT(output.Add(Frames(3, 1)), IsOk());
  EXPECT_THAT(Numbers(frames), ElementsAre(0, 1, 2));
  EXPECT_THAT(output.Add(Frames(4, 2)), IsOk());
  EXPECT_THAT(Numbers(frames), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(output.Finish(), IsOk());
  EXPECT_THAT(Numbers(frames), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(output.Finish(), IsOk());  // nothing is left
  EXPECT_EQ(frames.frames.size(), 6);
}

TEST(FrameOutput, GivesWholePictures) {
  RecordingFrames frames;
  FrameOutput output(c10::kCPU, frames);
  ASSERT_THAT(output.Add(Frames(7, 2)), IsOk());
  ASSERT_THAT(output.Finish(), IsOk());
  ASSERT_EQ(frames.frames.size(), 2);
  EXPECT_EQ(frames.frames[1].width, 3);
  EXPECT_EQ(frames.frames[1].height, 2);
  EXPECT_EQ(frames.frames[1].pixels, std::vector<uint8_t>(3 * 2 * 3, 8));
}

// The decoder may use its memory again.
TEST(FrameOutput, KeepsACopyOfWhatWasAdded) {
  RecordingFrames frames;
  FrameOutput output(c10::kCPU, frames);
  at::Tensor chunk = Frames(7, 1).contiguous();
  ASSERT_THAT(output.Add(chunk), IsOk());
  chunk.zero_();
  ASSERT_THAT(output.Finish(), IsOk());
  EXPECT_THAT(Numbers(frames), ElementsAre(7));
}

TEST(FrameOutput, ReturnsTheErrorOfTheSinkAndGivesNoMore) {
  RecordingFrames frames(1, absl::UnavailableError("the encoder is gone"));
  FrameOutput output(c10::kCPU, frames);
  ASSERT_THAT(output.Add(Frames(0, 3)), IsOk());
  EXPECT_THAT(output.Add(Frames(3, 3)), StatusIs(absl::StatusCode::kUnavailable, "the encoder is gone"));
  EXPECT_THAT(Numbers(frames), ElementsAre(0, 1));
}

TEST(FrameOutput, ReturnsTheErrorOfTheSinkForTheLastFrames) {
  RecordingFrames frames(2, absl::UnavailableError("the encoder is gone"));
  FrameOutput output(c10::kCPU, frames);
  ASSERT_THAT(output.Add(Frames(0, 3)), IsOk());
  EXPECT_THAT(output.Finish(), StatusIs(absl::StatusCode::kUnavailable, "the encoder is gone"));
}

TEST(FrameOutput, GivesNoFramesThatAreNotFinite) {
  for (const float number : {NAN, INFINITY}) {
    RecordingFrames frames;
    FrameOutput output(c10::kCPU, frames);
    ASSERT_THAT(output.Add(Frames(0, 2)), IsOk());
    at::Tensor chunk = Frames(2, 2).contiguous();
    chunk[1][1][0][2].fill_(number);
    ASSERT_THAT(output.Add(chunk), IsOk());
    const absl::Status status = output.Finish();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal, testing::HasSubstr("decoding gave frames that are not")));
    EXPECT_THAT(status, HasReason(reason::kNotFinite));
    EXPECT_THAT(Numbers(frames), ElementsAre(0, 1));
  }
}

TEST(FrameOutput, MayEndWithFramesThatNobodyGot) {
  RecordingFrames frames;
  {
    FrameOutput output(c10::kCPU, frames);
    ASSERT_THAT(output.Add(Frames(0, 3)), IsOk());
  }
  EXPECT_THAT(Numbers(frames), IsEmpty());
}

}  // namespace
}  // namespace ruyi
