#include "core/pipeline/step_down.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/core/pipeline/recording_sinks.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr int kFrames = 6;

// Returns the prediction for a mode of `blocks` blocks, which takes as many bytes.
Prediction PredictionOf(int blocks) {
  Prediction prediction = {.mode = {.resident_blocks = blocks, .resident_states = 1}};
  prediction.Of(Stage::kDenoise).peak_bytes = blocks;
  return prediction;
}

// Returns four modes: 40 blocks, and 30, 20 and 10 to fall back to.
Placement FourModes() {
  Placement placement;
  placement.prediction = PredictionOf(40);
  placement.fallbacks = {PredictionOf(30), PredictionOf(20), PredictionOf(10)};
  return placement;
}

absl::Status OutOfMemory(const std::string& message = "out of memory") {
  return ErrorWithReason(absl::StatusCode::kResourceExhausted, message, reason::kGpuOutOfMemory);
}

// The frame says by its colour which one it is.
RgbImage Frame(int index) {
  return {.width = 1, .height = 1, .pixels = std::vector<uint8_t>(3, static_cast<uint8_t>(index))};
}

// Makes six frames in each attempt, unless `stop` says after how many one ends, and how.
class StepDownTest : public testing::Test {
 protected:
  struct Stop {
    int after_frames;
    absl::Status status;
  };

  absl::StatusOr<GenerationReport> Generate(const Placement& placement, FrameSink& frames) {
    const auto attempt = [&](const Prediction& mode, FrameSink& sink) { return Attempt(mode, sink); };
    const auto available_bytes = [this] { return available_bytes_; };
    return GenerateWithStepDown(placement, {.attempt = attempt, .available_bytes = available_bytes}, progress_, frames);
  }
  absl::StatusOr<GenerationReport> Generate(const Placement& placement = FourModes()) {
    return Generate(placement, frames_);
  }

  std::vector<int> FramesGiven() const {
    std::vector<int> given;
    for (const RgbImage& frame : frames_.frames)
      given.push_back(frame.pixels.front());
    return given;
  }

  std::vector<Stop> stops_;  // of the attempts, one after the other
  int64_t available_bytes_ = std::numeric_limits<int64_t>::max();
  std::vector<int> tried_;  // blocks
  RecordingProgress progress_;
  RecordingFrames frames_;

 private:
  absl::StatusOr<StageCosts> Attempt(const Prediction& mode, FrameSink& sink) {
    const size_t attempt = tried_.size();
    tried_.push_back(mode.mode.resident_blocks);
    for (int i = 0; i <= kFrames; ++i) {
      if (attempt < stops_.size() && i == stops_[attempt].after_frames)
        return stops_[attempt].status;
      if (i == kFrames)
        break;
      RUYI_RETURN_IF_ERROR(sink.OnFrame(Frame(i)));
    }
    StageCosts costs = mode.stages;
    CostOf(costs, Stage::kDecode) = {.peak_bytes = 77, .seconds = 2.5};
    return costs;
  }
};

TEST_F(StepDownTest, ThePlacementsModeIsTheFirst) {
  ASSERT_OK_AND_ASSIGN(const GenerationReport report, Generate());
  EXPECT_THAT(tried_, ElementsAre(40));
  EXPECT_THAT(progress_.retries, IsEmpty());
  EXPECT_EQ(report.mode, PredictionOf(40).mode);
  EXPECT_EQ(report.retries, 0);
  EXPECT_EQ(report.peak_bytes, 77);
  EXPECT_EQ(CostOf(report.stages, Stage::kDecode).seconds, 2.5);
  EXPECT_THAT(FramesGiven(), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST_F(StepDownTest, EachTimeMemoryRunsOutTheNextModeIsTried) {
  stops_ = {{0, OutOfMemory("first")}, {0, OutOfMemory("second")}};
  ASSERT_OK_AND_ASSIGN(const GenerationReport report, Generate());
  EXPECT_THAT(tried_, ElementsAre(40, 30, 20));
  EXPECT_EQ(report.mode, PredictionOf(20).mode);
  EXPECT_EQ(report.retries, 2);
  ASSERT_EQ(progress_.retries.size(), 2);
  EXPECT_EQ(progress_.retries[0].from, PredictionOf(40).mode);
  EXPECT_EQ(progress_.retries[0].to, PredictionOf(30).mode);
  EXPECT_EQ(progress_.retries[0].reason, "first");
  EXPECT_EQ(progress_.retries[1].from, PredictionOf(30).mode);
  EXPECT_EQ(progress_.retries[1].to, PredictionOf(20).mode);
  EXPECT_EQ(progress_.retries[1].reason, "second");
}

TEST_F(StepDownTest, ModesThatDoNotFitNowArePassedOver) {
  stops_ = {{0, OutOfMemory()}};
  available_bytes_ = 20;
  ASSERT_THAT(Generate(), IsOk());
  EXPECT_THAT(tried_, ElementsAre(40, 20));
  ASSERT_EQ(progress_.retries.size(), 1);
  EXPECT_EQ(progress_.retries[0].to, PredictionOf(20).mode);
}

TEST_F(StepDownTest, TheSmallestModeIsTriedThoughItDoesNotFit) {
  stops_ = {{0, OutOfMemory()}};
  available_bytes_ = 0;
  ASSERT_THAT(Generate(), IsOk());
  EXPECT_THAT(tried_, ElementsAre(40, 10));
}

// The device is asked before each retry, for others use it too.
TEST_F(StepDownTest, WhatFitsMayChangeFromRetryToRetry) {
  RecordingProgress progress([](size_t) {});
  int asked = 0;
  const auto attempt = [&](const Prediction& mode, FrameSink&) -> absl::StatusOr<StageCosts> {
    tried_.push_back(mode.mode.resident_blocks);
    return OutOfMemory();
  };
  const auto available_bytes = [&] { return asked++ == 0 ? int64_t{30} : int64_t{10}; };
  EXPECT_THAT(
      GenerateWithStepDown(FourModes(), {.attempt = attempt, .available_bytes = available_bytes}, progress, frames_),
      StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(tried_, ElementsAre(40, 30, 10));
}

TEST_F(StepDownTest, FramesThatWereGivenAreNotGivenAgain) {
  for (int given = 0; given <= kFrames; ++given) {
    tried_.clear();
    frames_.frames.clear();
    stops_ = {{given, OutOfMemory()}};
    ASSERT_THAT(Generate(), IsOk());
    EXPECT_THAT(FramesGiven(), ElementsAre(0, 1, 2, 3, 4, 5)) << given;
  }
}

TEST_F(StepDownTest, FramesOfSeveralAttemptsMakeOneVideo) {
  stops_ = {{2, OutOfMemory()}, {5, OutOfMemory()}, {3, OutOfMemory()}};  // the third one is not as far as the second
  ASSERT_OK_AND_ASSIGN(const GenerationReport report, Generate());
  EXPECT_THAT(FramesGiven(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(report.retries, 3);
}

TEST_F(StepDownTest, WhenAllModesRanOutThatIsTheError) {
  stops_ = {{0, OutOfMemory()}, {0, OutOfMemory()}, {1, OutOfMemory()}, {0, OutOfMemory("the last straw")}};
  const absl::Status status = Generate().status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted,
                               AllOf(HasSubstr("the last straw"), HasSubstr("fewer frames"),
                                     HasSubstr("lower resolution"), HasSubstr("10 blocks, 1 states"))));
  EXPECT_THAT(status, HasReason(reason::kGpuOutOfMemory));
  EXPECT_THAT(GetErrorInfo(status).metadata,
              ElementsAre(Pair("modes_tried",
                               "40 blocks, 1 states; 30 blocks, 1 states; 20 blocks, 1 states; 10 "
                               "blocks, 1 states")));
  EXPECT_EQ(progress_.retries.size(), 3);
}

TEST_F(StepDownTest, NamesOnlyTheModesThatWereTried) {
  stops_ = {{0, OutOfMemory()}, {0, OutOfMemory()}};
  available_bytes_ = 0;
  EXPECT_THAT(GetErrorInfo(Generate().status()).metadata,
              ElementsAre(Pair("modes_tried", "40 blocks, 1 states; 10 blocks, 1 states")));
}

TEST_F(StepDownTest, WithoutFallbacksTheFirstModeIsTheLast) {
  Placement placement = FourModes();
  placement.fallbacks.clear();
  stops_ = {{0, OutOfMemory()}};
  EXPECT_THAT(Generate(placement), HasReason(reason::kGpuOutOfMemory));
  EXPECT_THAT(tried_, ElementsAre(40));
  EXPECT_THAT(progress_.retries, IsEmpty());
}

TEST_F(StepDownTest, OtherErrorsAreNoReasonToTryAgain) {
  const std::vector<absl::Status> errors = {
      absl::CancelledError("the caller left"),
      absl::DeadlineExceededError("too late"),
      absl::InternalError("a fault"),
      absl::ResourceExhaustedError("of another kind"),
      ErrorWithReason(absl::StatusCode::kInternal, "it burns", reason::kGpuFault),
  };
  for (const absl::Status& error : errors) {
    tried_.clear();
    stops_ = {{2, error}};
    EXPECT_EQ(Generate().status(), error);
    EXPECT_THAT(tried_, ElementsAre(40));
    EXPECT_THAT(progress_.retries, IsEmpty());
  }
}

TEST_F(StepDownTest, AnotherErrorOfARetryIsTheError) {
  stops_ = {{2, OutOfMemory()}, {4, absl::CancelledError("the caller left")}};
  EXPECT_THAT(Generate(), StatusIs(absl::StatusCode::kCancelled, "the caller left"));
  EXPECT_THAT(tried_, ElementsAre(40, 30));
  EXPECT_THAT(FramesGiven(), ElementsAre(0, 1, 2, 3));
}

TEST_F(StepDownTest, AnErrorOfTheSinkIsTheError) {
  RecordingFrames frames(3, absl::UnavailableError("the encoder is gone"));
  stops_ = {{2, OutOfMemory()}};
  EXPECT_THAT(Generate(FourModes(), frames), StatusIs(absl::StatusCode::kUnavailable, "the encoder is gone"));
  EXPECT_THAT(tried_, ElementsAre(40, 30));
  EXPECT_EQ(frames.frames.size(), 4);
}

// It says nothing of the device, whatever its code and reason.
TEST_F(StepDownTest, AnErrorOfTheSinkIsNoReasonToTryAgain) {
  RecordingFrames frames(3, OutOfMemory("of the encoder"));
  EXPECT_EQ(Generate(FourModes(), frames).status(), OutOfMemory("of the encoder"));
  EXPECT_THAT(tried_, ElementsAre(40));
  EXPECT_THAT(progress_.retries, IsEmpty());
  EXPECT_EQ(frames.frames.size(), 4);
}

}  // namespace
}  // namespace ruyi
