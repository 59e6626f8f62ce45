// Tests from which videos a pipeline learns what its device takes, and that it knows it after a restart. The
// calibration is made to predict so long a time that any video takes less than a thousandth of it: what is learnt then
// is the bound of TimeLessons, on any machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/core/pipeline/resume_run.h"
#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_video.h"

namespace ruyi {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;

constexpr double kMuchTooLong = 1e9;  // seconds for CLIP
constexpr double kLeast = TimeLessons::kLeastRatio;

// A small video in a mode that the model has.
VideoInput SmallVideoInMode(int frame_count = 8) {
  VideoInput video = SmallVideo(frame_count);
  video.placement.prediction.mode = {.resident_blocks = 0, .resident_states = 1};
  return video;
}

class TimeLessonsTest : public testing::Test {
 protected:
  TimeLessonsTest() {
    RuyiPipeline first = Pipeline();
    EXPECT_THAT(first.WarmUp(), IsOk());
    nlohmann::json all = Contents();
    for (nlohmann::json& calibration : all)
      calibration["clip_seconds"] = kMuchTooLong;
    folder_.Write("calibration.json", all.dump());
    EXPECT_THAT(pipeline_.WarmUp(), IsOk());
  }

  RuyiPipeline Pipeline() const {
    RuyiPipelineOptions options = SmallOptions();
    options.calibration_file = file_;
    options.times = times_;
    return PipelineOf("tiny", options);
  }

  nlohmann::json Contents() const { return nlohmann::json::parse(std::ifstream(file_)); }

  std::vector<double> KeptRatios() const {
    return Contents().front().value("time_ratios", nlohmann::json::array()).get<std::vector<double>>();
  }

  // Returns the learnt factor as callers see it.
  static double FactorOf(const RuyiPipeline& pipeline) {
    return pipeline.costs()->Predict(SmallVideo().spec, {0, 1}).Of(Stage::kClip).seconds / kMuchTooLong;
  }

  void Make(const VideoInput& video) { FramesOf(pipeline_, video); }

  std::shared_ptr<SharedTimeLessons> times_ = std::make_shared<SharedTimeLessons>();
  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "calibration.json";
  RuyiPipeline pipeline_ = Pipeline();
};

TEST_F(TimeLessonsTest, WholeVideosTeach) {
  EXPECT_EQ(FactorOf(pipeline_), 1);
  Make(SmallVideoInMode());
  EXPECT_DOUBLE_EQ(FactorOf(pipeline_), std::sqrt(kLeast));
  Make(SmallVideoInMode(16));
  EXPECT_DOUBLE_EQ(FactorOf(pipeline_), kLeast);
  EXPECT_THAT(KeptRatios(), ElementsAre(1, DoubleEq(kLeast), DoubleEq(kLeast)));
}

TEST_F(TimeLessonsTest, TheNextStartKnowsThem) {
  Make(SmallVideoInMode());
  Make(SmallVideoInMode());
  times_ = std::make_shared<SharedTimeLessons>();
  RuyiPipeline later = Pipeline();
  ASSERT_THAT(later.WarmUp(), IsOk());
  EXPECT_DOUBLE_EQ(FactorOf(later), kLeast);
}

TEST_F(TimeLessonsTest, PipelinesOfOneServerLearnFromEachOther) {
  RuyiPipeline other = Pipeline();
  ASSERT_THAT(other.WarmUp(), IsOk());
  Make(SmallVideoInMode());
  Make(SmallVideoInMode());
  EXPECT_DOUBLE_EQ(FactorOf(other), kLeast);
}

TEST_F(TimeLessonsTest, RatiosThatCannotBeReadAreLearntAgain) {
  nlohmann::json all = Contents();
  all.front()["time_ratios"] = "many";
  folder_.Write("calibration.json", all.dump());
  times_ = std::make_shared<SharedTimeLessons>();
  RuyiPipeline later = Pipeline();
  ASSERT_THAT(later.WarmUp(), IsOk());
  EXPECT_EQ(FactorOf(later), 1);
}

TEST_F(TimeLessonsTest, AFileThatWasDeletedStaysSoAndTheyCountAllTheSame) {
  std::filesystem::remove(file_);
  Make(SmallVideoInMode());
  EXPECT_DOUBLE_EQ(FactorOf(pipeline_), std::sqrt(kLeast));
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(TimeLessonsTest, ACancelledVideoTeachesNothing) {
  ResumedRun run;
  run.source.Cancel(absl::CancelledError("not wanted"));
  EXPECT_THAT(run.Generate(pipeline_, SmallVideoInMode()), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(FactorOf(pipeline_), 1);
  EXPECT_THAT(KeptRatios(), ElementsAre());
}

TEST_F(TimeLessonsTest, AVideoThatGoesOnFromACheckpointTeachesNothing) {
  VideoInput video = SmallVideoInMode();
  video.spec.steps = 2;
  ResumedRun whole;
  ASSERT_THAT(whole.Generate(pipeline_, video), IsOk());
  ASSERT_FALSE(whole.checkpoints.checkpoints.empty());
  const double factor = FactorOf(pipeline_);
  ResumedRun rest(whole.checkpoints.checkpoints.front().state);
  ASSERT_THAT(rest.Generate(pipeline_, video), IsOk());
  EXPECT_EQ(FactorOf(pipeline_), factor);
}

TEST(TimeLessonsWithoutAFile, CountUntilTheServerEnds) {
  RuyiPipeline pipeline = PipelineOf("tiny");
  ASSERT_THAT(pipeline.WarmUp(), IsOk());
  const size_t before = pipeline.costs()->times().ratios().size();
  FramesOf(pipeline, SmallVideoInMode());
  EXPECT_EQ(pipeline.costs()->times().ratios().size(), before + 1);
}

}  // namespace
}  // namespace ruyi
