// Tests what WarmUp measures, keeps and refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/error_reasons.h"
#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_video.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

constexpr int64_t kNobodyMeasuresThis = 123'456'789'012;

class CalibrationTest : public testing::Test {
 protected:
  RuyiPipeline Pipeline(const std::string& model = "tiny") const {
    RuyiPipelineOptions options = SmallOptions();
    options.calibration_file = file_;
    return PipelineOf(model, options);
  }

  static int64_t ClipBytes(const RuyiPipeline& pipeline) {
    const Prediction prediction = pipeline.costs()->Predict(SmallVideo().spec, {0, 1});
    return prediction.Of(Stage::kClip).peak_bytes - prediction.Of(Stage::kLoad).peak_bytes;
  }

  // Puts a number that can be known again into everything that the file holds.
  void Mark() const {
    nlohmann::json all = nlohmann::json::parse(std::ifstream(file_));
    for (nlohmann::json& calibration : all)
      calibration["clip_bytes"] = kNobodyMeasuresThis;
    folder_.Write("calibration.json", all.dump());
  }

  size_t Entries() const { return nlohmann::json::parse(std::ifstream(file_)).size(); }

  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "calibration.json";
};

TEST_F(CalibrationTest, IsKeptForTheNextStart) {
  RuyiPipeline first = Pipeline();
  ASSERT_THAT(first.WarmUp(), IsOk());
  EXPECT_EQ(Entries(), 1);
  RuyiPipeline second = Pipeline();
  ASSERT_THAT(second.WarmUp(), IsOk());
  EXPECT_EQ(ClipBytes(second), ClipBytes(first));
  EXPECT_GT(ClipBytes(first), 0);
}

TEST_F(CalibrationTest, OfAnEarlierStartIsNotMeasuredAgain) {
  RuyiPipeline first = Pipeline();
  ASSERT_THAT(first.WarmUp(), IsOk());
  Mark();
  RuyiPipeline second = Pipeline();
  ASSERT_THAT(second.WarmUp(), IsOk());
  EXPECT_EQ(ClipBytes(second), kNobodyMeasuresThis);
}

TEST_F(CalibrationTest, OfAServerThatHasMeasuredMeanwhileCounts) {
  RuyiPipeline first = Pipeline();
  ASSERT_THAT(first.WarmUp(), IsOk());
  Mark();
  const std::filesystem::path aside = folder_.path() / "aside.json";
  std::filesystem::rename(file_, aside);
  RuyiPipelineOptions options = SmallOptions();
  options.calibration_file = file_;
  options.on_calibration = [&] { std::filesystem::rename(aside, file_); };
  RuyiPipeline second = PipelineOf("tiny", options);
  ASSERT_THAT(second.WarmUp(), IsOk());
  EXPECT_EQ(ClipBytes(second), kNobodyMeasuresThis);
  EXPECT_EQ(Entries(), 1);
}

TEST_F(CalibrationTest, OfAnotherModelIsNotTaken) {
  RuyiPipeline first = Pipeline();
  ASSERT_THAT(first.WarmUp(), IsOk());
  Mark();
  ASSERT_OK_AND_ASSIGN(const RuyiModels others, LoadRuyiModels(GoldenModel("tiny"), {}, {.mode = Fp8Mode::kExtreme}));
  RuyiPipelineOptions options = SmallOptions();
  options.calibration_file = file_;
  RuyiPipeline other(others, options);
  ASSERT_THAT(other.WarmUp(), IsOk());
  EXPECT_LT(ClipBytes(other), kNobodyMeasuresThis);
  EXPECT_EQ(Entries(), 2);
}

TEST_F(CalibrationTest, IsMeasuredWhereTheFileIsDamaged) {
  folder_.Write("calibration.json", "{");
  RuyiPipeline pipeline = Pipeline();
  ASSERT_THAT(pipeline.WarmUp(), IsOk());
  EXPECT_GT(ClipBytes(pipeline), 0);
  EXPECT_EQ(Entries(), 1);
}

TEST_F(CalibrationTest, ThatCannotBeKeptIsMeasuredAtEachStart) {
  std::filesystem::create_directories(file_ / "in the way");
  RuyiPipeline pipeline = Pipeline();
  ASSERT_THAT(pipeline.WarmUp(), IsOk());
  EXPECT_GT(ClipBytes(pipeline), 0);
}

RuyiPipeline PipelineWithBudget(int64_t bytes) {
  RuyiPipelineOptions options = SmallOptions();
  options.vram_budget_bytes = bytes;
  return PipelineOf("tiny", options);
}

int64_t WeightBytes(int blocks) {
  const ModelFacts facts = PipelineOf("tiny").costs()->facts();
  return facts.other_weight_bytes + facts.weight_bytes[blocks];
}

TEST(WarmUp, WithRoomForLittleMoreThanTheWeightsOfTheSmallestModeIsEnough) {
  const int64_t budget = WeightBytes(0) + (1 << 20);
  ASSERT_LT(budget, WeightBytes(PipelineOf("tiny").costs()->facts().blocks));
  RuyiPipeline pipeline = PipelineWithBudget(budget);
  EXPECT_EQ(pipeline.AvailableMemory().device_bytes, budget);
  EXPECT_THAT(pipeline.WarmUp(), IsOk());
}

TEST(WarmUp, WithoutRoomForTheWeightsOfTheSmallestModeIsRefused) {
  RuyiPipeline pipeline = PipelineWithBudget(WeightBytes(0) - 1);
  const absl::Status status = pipeline.WarmUp();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("raise --vram-budget")));
  EXPECT_THAT(status, HasReason(reason::kVramBudget));
}

TEST(SetMemoryBudget, CountsFromTheNextPlacementOn) {
  const int64_t least = WeightBytes(0) + (1 << 20);
  RuyiPipeline pipeline = PipelineWithBudget(2 * least);
  ASSERT_THAT(pipeline.WarmUp(), IsOk());
  EXPECT_EQ(pipeline.memory_budget(), 2 * least);
  for (const int64_t budget : {least, 4 * least}) {
    ASSERT_THAT(pipeline.SetMemoryBudget(budget), IsOk());
    EXPECT_EQ(pipeline.memory_budget(), budget);
    EXPECT_EQ(pipeline.AvailableMemory().device_bytes, budget);
  }
  ASSERT_THAT(pipeline.SetMemoryBudget(std::nullopt), IsOk());
  EXPECT_EQ(pipeline.memory_budget(), std::nullopt);
  EXPECT_GT(pipeline.AvailableMemory().device_bytes, 4 * least);
}

TEST(WarmUp, FindsWhatAVideoTakes) {
  RuyiPipeline pipeline = PipelineOf("tiny");
  const Prediction before = pipeline.costs()->Predict(SmallVideo().spec, {0, 1});
  EXPECT_EQ(before.Of(Stage::kDecode).peak_bytes, before.Of(Stage::kLoad).peak_bytes);  // the weights and no more
  ASSERT_THAT(pipeline.WarmUp(), IsOk());
  const Prediction after = pipeline.costs()->Predict(SmallVideo().spec, {0, 1});
  for (const Stage stage : {Stage::kEncode, Stage::kClip, Stage::kDenoise, Stage::kDecode}) {
    EXPECT_GT(after.Of(stage).peak_bytes, before.Of(stage).peak_bytes) << NameOf(stage);
    EXPECT_GT(after.Of(stage).seconds, 0) << NameOf(stage);
  }
}

TEST(Load, TakesABudgetOnACpuToo) {
  RuyiPipelineOptions options = SmallOptions();
  options.vram_budget_bytes = int64_t{1} << 30;
  const std::filesystem::path folder = std::filesystem::path(RUYI_SOURCE_DIR) / "models" / "ruyi-tiny";
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<RuyiPipeline> pipeline,
                       RuyiPipeline::Load({.folder = folder, .devices = {c10::kCPU}}, options));
  EXPECT_EQ(pipeline->AvailableMemory().device_bytes, int64_t{1} << 30);
  EXPECT_GT(pipeline->AvailableMemory().host_bytes, 0);
}

}  // namespace
}  // namespace ruyi
