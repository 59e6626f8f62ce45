// Tests what the cost model learns from the time that videos took.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "core/plan/admission.h"
#include "core/plan/cost_model.h"
#include "tests/core/plan/large_spec.h"

namespace ruyi {
namespace {

constexpr MemoryMode kAll = {.resident_blocks = 4, .resident_states = 3, .branches_in_turn = true};
constexpr MemoryMode kNone = {.resident_blocks = 0, .resident_states = 1, .branches_in_turn = true};

Calibration CalibrationWithRates() {
  Calibration calibration = TestCalibration();
  calibration.place_bytes_per_second = 1000.0 * kTestMib;
  calibration.fill_bytes_per_second = 2000.0 * kTestMib;
  return calibration;
}

class TimeLearning : public testing::Test {
 protected:
  // Returns what `spec` takes on a device that needs `ratio` times what the calibration says.
  static StageCosts Measured(double ratio, const VideoSpec& spec = LargeSpec(), const MemoryMode& mode = kAll) {
    StageCosts costs = CostModel(TestFacts(), CalibrationWithRates()).Predict(spec, mode).stages;
    for (StageCost& cost : costs)
      cost.seconds *= ratio;
    CostOf(costs, Stage::kLoad).seconds = 1e6;  // of which nothing is learnt
    return costs;
  }

  double Seconds(const VideoSpec& spec = LargeSpec(), const MemoryMode& mode = kAll) const {
    return costs_.Predict(spec, mode).seconds();
  }

  std::shared_ptr<TimeLessons> times_ = std::make_shared<TimeLessons>();
  CostModel costs_{TestFacts(), CalibrationWithRates(), std::make_shared<PeakLessons>(), times_};
};

// A first start beside other work.
TEST_F(TimeLearning, CorrectsACalibrationThatWasTenTimesTooSlow) {
  const double calibrated = Seconds();
  const std::vector<double> expected = {std::sqrt(0.1), 0.1, 0.1};
  for (const double factor : expected) {
    EXPECT_TRUE(costs_.LearnTime(LargeSpec(), kAll, Measured(0.1)));
    EXPECT_NEAR(Seconds(), factor * calibrated, 1e-9 * calibrated);
  }
}

TEST_F(TimeLearning, CountsForOtherVideosAndModesAndEachStage) {
  const Prediction before = costs_.Predict(LargeSpec(), kNone);
  VideoSpec short_video = LargeSpec();
  short_video.frame_count = 8;
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(costs_.LearnTime(short_video, kAll, Measured(2, short_video)));
  const Prediction after = costs_.Predict(LargeSpec(), kNone);
  for (int stage = 0; stage < kStages; ++stage) {
    EXPECT_DOUBLE_EQ(after.stages[stage].seconds, 2 * before.stages[stage].seconds);
    EXPECT_EQ(after.stages[stage].peak_bytes, before.stages[stage].peak_bytes);
  }
}

// The modes are compared as the calibration has them, so that what a video is made in does not depend on the lessons.
TEST_F(TimeLearning, ChangesOfTheModeKeepTheirShare) {
  const double before = costs_.ChangeSeconds({.mode = kAll}, LargeSpec(), kNone);
  ASSERT_GT(before, 0);
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(costs_.LearnTime(LargeSpec(), kAll, Measured(0.5)));
  EXPECT_DOUBLE_EQ(costs_.ChangeSeconds({.mode = kAll}, LargeSpec(), kNone), 0.5 * before);
}

TEST_F(TimeLearning, IsSharedWithTheCostModelsOfDevicesThatAreAlike) {
  CostModel other(TestFacts(), CalibrationWithRates(), std::make_shared<PeakLessons>(), times_);
  const double before = Seconds();
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(other.LearnTime(LargeSpec(), kAll, Measured(3)));
  EXPECT_DOUBLE_EQ(Seconds(), 3 * before);
}

TEST_F(TimeLearning, NothingIsLearntOfWorkThatTheCalibrationDidNotMeasure) {
  const std::vector<std::function<void(VideoSpec&)>> changes = {
      [](VideoSpec& spec) { spec.tea_cache = TeaCacheSettings(); },
      [](VideoSpec& spec) { spec.easy_cache = EasyCacheSettings(); },
      [](VideoSpec& spec) { spec.fp8.mode = Fp8Mode::kStrong; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    VideoSpec spec = LargeSpec();
    changes[i](spec);
    EXPECT_FALSE(costs_.LearnTime(spec, kAll, Measured(0.1, spec))) << i;
  }
  EXPECT_EQ(times_->factor(), 1);
}

TEST_F(TimeLearning, NothingIsLearntWithoutACalibrationOrAMeasurement) {
  CostModel fresh(TestFacts(), {}, std::make_shared<PeakLessons>(), times_);
  EXPECT_FALSE(fresh.LearnTime(LargeSpec(), kAll, Measured(1)));
  EXPECT_FALSE(costs_.LearnTime(LargeSpec(), kAll, StageCosts()));
  EXPECT_EQ(times_->factor(), 1);
}

TEST_F(TimeLearning, AFrozenCopyKeepsWhatWasLearntBefore) {
  const Prediction before = costs_.Predict(LargeSpec(), kAll);
  costs_.Learn(before, 2 * before.peak_bytes());
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(costs_.LearnTime(LargeSpec(), kAll, Measured(2)));
  const CostModel frozen = costs_.Frozen();
  const Prediction learnt = costs_.Predict(LargeSpec(), kAll);
  costs_.Learn(learnt, 2 * learnt.peak_bytes());
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(costs_.LearnTime(LargeSpec(), kAll, Measured(5)));
  EXPECT_EQ(frozen.Predict(LargeSpec(), kAll).peak_bytes(), learnt.peak_bytes());
  EXPECT_EQ(frozen.Predict(LargeSpec(), kAll).seconds(), learnt.seconds());
  EXPECT_GT(Seconds(), 2 * learnt.seconds());
}

TEST_F(TimeLearning, AdmissionTellsTheLearntSecondsAndChoosesAsBefore) {
  const MemoryBudget budget = {.device_bytes = 9000 * kTestMib, .placed = {.mode = kNone}};
  const Admission before = Admit(costs_, LargeSpec(), budget);
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(costs_.LearnTime(LargeSpec(), kAll, Measured(0.01)));
  const Admission after = Admit(costs_, LargeSpec(), budget);
  ASSERT_TRUE(before.chosen.has_value());
  EXPECT_EQ(after.chosen, before.chosen);
  ASSERT_EQ(after.modes.size(), before.modes.size());
  for (size_t i = 0; i < after.modes.size(); ++i) {
    EXPECT_EQ(after.modes[i].prediction.mode, before.modes[i].prediction.mode);
    EXPECT_DOUBLE_EQ(after.modes[i].prediction.seconds(), 0.01 * before.modes[i].prediction.seconds());
  }
}

}  // namespace
}  // namespace ruyi
