#include "core/pipeline/ruyi/stage_meter.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <chrono>

namespace ruyi {
namespace {

constexpr int64_t kWeights = 10'000;
const StageMeter::Placed kPlaced = {
    .device = c10::kCPU, .weight_bytes = kWeights, .load_time = std::chrono::milliseconds(2500)};

at::Tensor Bytes(int64_t count) {
  return at::empty({count}, at::kByte);
}

TEST(StageMeter, MeasuresEachStageForItself) {
  StageMeter meter(kPlaced);
  meter.Enter(Stage::kEncode);
  Bytes(500);
  meter.Enter(Stage::kDenoise);
  const at::Tensor kept = Bytes(100);
  Bytes(200);
  meter.Enter(Stage::kDecode);
  Bytes(50);
  const StageCosts& costs = meter.Finish();
  EXPECT_EQ(CostOf(costs, Stage::kEncode).peak_bytes, kWeights + 500);
  EXPECT_EQ(CostOf(costs, Stage::kDenoise).peak_bytes, kWeights + 300);
  EXPECT_EQ(CostOf(costs, Stage::kDecode).peak_bytes, kWeights + 150);  // what is kept counts
  for (const Stage stage : {Stage::kEncode, Stage::kDenoise, Stage::kDecode})
    EXPECT_GT(CostOf(costs, stage).seconds, 0);
}

TEST(StageMeter, OfAStageThatWasEnteredTwiceTheLargerPeakCounts) {
  for (const auto& [first, second] : {std::pair(500, 300), std::pair(300, 500)}) {
    StageMeter meter(kPlaced);
    meter.Enter(Stage::kEncode);
    Bytes(first);
    meter.Enter(Stage::kClip);
    Bytes(10);
    meter.Enter(Stage::kEncode);
    Bytes(second);
    const StageCosts& costs = meter.Finish();
    EXPECT_EQ(CostOf(costs, Stage::kEncode).peak_bytes, kWeights + 500);
    EXPECT_EQ(CostOf(costs, Stage::kClip).peak_bytes, kWeights + 10);
  }
}

TEST(StageMeter, AddsUpTheTimesOfAStage) {
  StageMeter meter({.device = c10::kCPU});
  double seconds = 0;
  for (int i = 0; i < 3; ++i) {
    meter.Enter(Stage::kDecode);
    const double sum = CostOf(meter.Finish(), Stage::kDecode).seconds;
    EXPECT_GT(sum, seconds);
    seconds = sum;
  }
}

TEST(StageMeter, DoesNotCountWhatComesBeforeTheFirstStageOrAfterTheLast) {
  StageMeter meter(kPlaced);
  Bytes(5000);
  meter.Enter(Stage::kEncode);
  Bytes(10);
  meter.Finish();
  Bytes(5000);
  const StageCosts& costs = meter.Finish();
  EXPECT_EQ(CostOf(costs, Stage::kEncode).peak_bytes, kWeights + 10);
}

TEST(StageMeter, StagesThatWereNotEnteredTookNothing) {
  StageMeter meter(kPlaced);
  for (const Stage stage : {Stage::kClip, Stage::kEncode, Stage::kDenoise, Stage::kDecode}) {
    EXPECT_EQ(CostOf(meter.Finish(), stage).peak_bytes, 0);
    EXPECT_EQ(CostOf(meter.Finish(), stage).seconds, 0);
  }
}

TEST(StageMeter, LoadingIsWhatItWasTold) {
  StageMeter meter(kPlaced);
  EXPECT_EQ(CostOf(meter.Finish(), Stage::kLoad).peak_bytes, kWeights);
  EXPECT_EQ(CostOf(meter.Finish(), Stage::kLoad).seconds, 2.5);
}

}  // namespace
}  // namespace ruyi
