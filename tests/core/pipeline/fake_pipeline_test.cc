// Tests what tests/support/fake_pipeline.h promises to the tests that run with it.
#include "tests/support/fake_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/core/pipeline/recording_sinks.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// Wants a checkpoint after step `wanted`, and returns `answer` when it comes.
class OneCheckpoint final : public CheckpointSink {
 public:
  explicit OneCheckpoint(int wanted, absl::Status answer = {}) : wanted_(wanted), answer_(std::move(answer)) {}

  bool IsWanted() override { return ++steps == wanted_; }
  absl::Status OnCheckpoint(Checkpoint taken) override {
    checkpoint = std::move(taken);
    return answer_;
  }

  int steps = 0;
  Checkpoint checkpoint;

 private:
  const int wanted_;
  const absl::Status answer_;
};

class FakePipelineTest : public testing::Test {
 protected:
  absl::Status Generate(CheckpointSink& checkpoints, std::string_view resume_from = {}) {
    const std::vector<RgbImage> pictures = GreyPictures(spec_);
    const CancellationToken token;
    RunControl control = {.pictures = pictures,
                          .token = token,
                          .progress = progress_,
                          .frames = frames_,
                          .checkpoints = checkpoints,
                          .resume_from = resume_from};
    return pipeline_.Generate(spec_, {}, control).status();
  }

  VideoSpec spec_ = TestSpec();
  FakePipeline pipeline_;
  RecordingProgress progress_;
  RecordingFrames frames_;
};

TEST_F(FakePipelineTest, FramesShowTheSeedAndTheirNumber) {
  OneCheckpoint never(-1);
  ASSERT_THAT(Generate(never), IsOk());
  ASSERT_THAT(frames_.frames, SizeIs(8));
  EXPECT_NE(frames_.frames[0].pixels, frames_.frames[1].pixels);
  EXPECT_EQ(frames_.frames[7].pixels, FakeFrame(spec_, 7).pixels);
  VideoSpec other = spec_;
  other.seed = 2;
  EXPECT_NE(FakeFrame(other, 7).pixels, FakeFrame(spec_, 7).pixels);
  EXPECT_EQ(never.steps, spec_.steps);
}

TEST_F(FakePipelineTest, GoesOnFromACheckpoint) {
  OneCheckpoint handed_back(2, absl::AbortedError("handed back"));
  EXPECT_THAT(Generate(handed_back), StatusIs(absl::StatusCode::kAborted, "handed back"));
  EXPECT_EQ(handed_back.checkpoint.step, 2);
  progress_.reports.clear();
  OneCheckpoint never(-1);
  ASSERT_THAT(Generate(never, handed_back.checkpoint.state), IsOk());
  EXPECT_EQ(never.steps, 1);
  EXPECT_THAT(frames_.frames, SizeIs(8));
  std::vector<int> steps;
  for (const Progress& report : progress_.reports) {
    if (report.phase == Phase::kDenoising)
      steps.push_back(report.done);
  }
  EXPECT_THAT(steps, ElementsAre(2, 3));
}

TEST_F(FakePipelineTest, GoesOnFromNoStateThatItDidNotMake) {
  OneCheckpoint never(-1);
  const std::string own = absl::StrCat("seed ", spec_.seed, " ");
  for (const std::string& state : {own + "step", own + "step 0", own + "step 4", own + "stop 1", own + "step 1x",
                                   absl::StrCat("seed ", spec_.seed + 1, " step 1")})
    EXPECT_THAT(Generate(never, state), StatusIs(absl::StatusCode::kDataLoss)) << state;
}

TEST_F(FakePipelineTest, SendsPreviewsWhereTheSpecAsksForThem) {
  OneCheckpoint never(-1);
  ASSERT_THAT(Generate(never), IsOk());
  EXPECT_THAT(progress_.previews, SizeIs(0));
  spec_.steps = 5;
  spec_.preview = {.every_steps = 2, .width = 16};
  ASSERT_THAT(Generate(never), IsOk());
  ASSERT_THAT(progress_.previews, SizeIs(2));
  EXPECT_EQ(progress_.previews[0].first, 2);
  EXPECT_EQ(progress_.previews[1].first, 4);
  EXPECT_EQ(progress_.previews[0].second.width, 16);
  EXPECT_EQ(progress_.previews[0].second.height, 8);
}

}  // namespace
}  // namespace ruyi
