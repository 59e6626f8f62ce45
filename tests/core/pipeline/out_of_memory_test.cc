// Memory that runs out in the middle of a video: a sink throws what an allocator throws.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/plan/planner.h"
#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_plan.h"

namespace ruyi {
namespace {

using testing::Eq;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int kFrames = 24;

class OutOfMemoryTest : public testing::Test {
 protected:
  // With every mode, largest first.
  GenerationPlan PlanWithFallbacks() const {
    GenerationPlan plan = SmallPlan(kFrames);
    plan.steps = 2;
    for (const MemoryMode& mode : pipeline_.costs()->Modes(plan))
      plan.fallbacks.push_back(pipeline_.costs()->Predict(plan, mode));
    plan.prediction = plan.fallbacks.front();
    plan.fallbacks.erase(plan.fallbacks.begin());
    return plan;
  }

  // Frames as they are given, memory running out at report number `at` of the first `times` attempts.
  absl::StatusOr<GenerationReport> GenerateWithFault(const GenerationPlan& plan, size_t at, int times = 1) {
    size_t reports = 0;
    progress_.emplace([&, at](size_t) {
      if (++reports < at || times == 0)
        return;
      --times;
      reports = 0;
      throw std::bad_alloc();
    });
    frames_ = RecordingFrames();
    return pipeline_.Generate(plan, CancellationToken(), *progress_, frames_);
  }

  const RuyiPipelineOptions options_ = SmallOptions();
  RuyiPipeline pipeline_ = PipelineOf("tiny", options_);
  std::optional<RecordingProgress> progress_;
  RecordingFrames frames_;
};

TEST_F(OutOfMemoryTest, WhereverItIsTheVideoIsMadeInTheNextMode) {
  const GenerationPlan plan = PlanWithFallbacks();
  const std::vector<uint8_t> video = VideoOf(pipeline_, plan);
  RecordingProgress all;
  RecordingFrames frames;
  ASSERT_THAT(pipeline_.Generate(plan, CancellationToken(), all, frames), IsOk());
  for (size_t at = 1; at <= all.reports.size(); ++at) {
    ASSERT_OK_AND_ASSIGN(const GenerationReport report, GenerateWithFault(plan, at));
    EXPECT_THAT(frames_.Bytes(), Eq(video)) << at;
    EXPECT_EQ(report.mode, plan.fallbacks.front().mode);
    EXPECT_EQ(report.retries, 1);
    ASSERT_THAT(progress_->retries, SizeIs(1));
    EXPECT_EQ(progress_->retries[0].from, plan.prediction.mode);
    EXPECT_EQ(progress_->retries[0].to, plan.fallbacks.front().mode);
    EXPECT_THAT(progress_->retries[0].reason, HasSubstr("out of memory"));
  }
}

TEST_F(OutOfMemoryTest, TheNextRequestIsUnharmed) {
  const GenerationPlan plan = PlanWithFallbacks();
  const std::vector<uint8_t> video = VideoOf(pipeline_, plan);
  ASSERT_THAT(GenerateWithFault(plan, 7, 2), IsOk());
  EXPECT_THAT(VideoOf(pipeline_, plan), Eq(video));
  GenerationPlan other = SmallPlan();
  RuyiPipeline fresh = PipelineOf("tiny");
  EXPECT_THAT(VideoOf(pipeline_, other), Eq(VideoOf(fresh, other)));
}

TEST_F(OutOfMemoryTest, InEveryModeIsAnErrorAndTheNextRequestIsUnharmed) {
  const GenerationPlan plan = PlanWithFallbacks();
  const std::vector<uint8_t> video = VideoOf(pipeline_, plan);
  const absl::Status status = GenerateWithFault(plan, 3, std::numeric_limits<int>::max()).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("no smaller memory mode is left")));
  EXPECT_THAT(status, HasReason(reason::kGpuOutOfMemory));
  EXPECT_THAT(progress_->retries, SizeIs(plan.fallbacks.size()));
  EXPECT_THAT(frames_.frames, IsEmpty());
  EXPECT_THAT(VideoOf(pipeline_, plan), Eq(video));
}

TEST_F(OutOfMemoryTest, OfThePlansOnlyModeIsAnError) {
  EXPECT_THAT(GenerateWithFault(SmallPlan(kFrames), 2), HasReason(reason::kGpuOutOfMemory));
}

// Runs out of memory at frame number `at`, once, and has not taken it then.
class ThrowingFrames final : public FrameSink {
 public:
  explicit ThrowingFrames(size_t at) : at_(at) {}

  absl::Status OnFrame(const RgbImage& frame) override {
    if (frames.frames.size() == at_ && !std::exchange(has_thrown_, true))
      throw std::bad_alloc();
    return frames.OnFrame(frame);
  }

  RecordingFrames frames;

 private:
  const size_t at_;
  bool has_thrown_ = false;
};

TEST_F(OutOfMemoryTest, InTheSinkTheFrameIsGivenAgain) {
  const GenerationPlan plan = PlanWithFallbacks();
  const std::vector<uint8_t> video = VideoOf(pipeline_, plan);
  for (const size_t at : {0, 1, 9, kFrames - 1}) {
    RecordingProgress progress;
    ThrowingFrames frames(at);
    ASSERT_THAT(pipeline_.Generate(plan, CancellationToken(), progress, frames), IsOk());
    EXPECT_THAT(progress.retries, SizeIs(1));
    EXPECT_THAT(frames.frames.Bytes(), Eq(video)) << at;
  }
}

// An error that a sink returns is none of the device, whatever its code.
TEST_F(OutOfMemoryTest, OfTheSinksOwnIsTheSinksError) {
  RecordingProgress progress;
  RecordingFrames frames(5, absl::ResourceExhaustedError("the disk is full"));
  const auto report = pipeline_.Generate(PlanWithFallbacks(), CancellationToken(), progress, frames);
  EXPECT_THAT(report, StatusIs(absl::StatusCode::kResourceExhausted, "the disk is full"));
  EXPECT_THAT(report, HasReason(""));
  EXPECT_THAT(progress.retries, IsEmpty());
  EXPECT_THAT(frames.frames, SizeIs(6));
}

TEST_F(OutOfMemoryTest, AnotherExceptionIsNoReasonToTryAgain) {
  RecordingProgress progress([](size_t reports) {
    if (reports == 4)
      throw std::runtime_error("a fault");
  });
  EXPECT_THAT(pipeline_.Generate(PlanWithFallbacks(), CancellationToken(), progress, frames_),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("a fault")));
  EXPECT_THAT(progress.retries, IsEmpty());
}

// Devices that are alike: what one has learnt, requests for the other are planned with.
TEST_F(OutOfMemoryTest, TeachesPipelinesThatShareTheirOptions) {
  RuyiPipeline other = PipelineOf("tiny", options_);
  ASSERT_THAT(pipeline_.WarmUp(), IsOk());
  ASSERT_THAT(other.WarmUp(), IsOk());
  const GenerationPlan plan = PlanWithFallbacks();
  const auto predicted = [&] { return other.costs()->Predict(plan, plan.prediction.mode).peak_bytes(); };
  const int64_t before = predicted();
  ASSERT_THAT(GenerateWithFault(plan, 7), IsOk());
  EXPECT_GT(predicted(), before);
}

// One fault must not let the cost model refuse what it took before.
TEST_F(OutOfMemoryTest, LargerVideosAreStillTaken) {
  ASSERT_THAT(pipeline_.WarmUp(), IsOk());
  const Planner planner({.limits = {},
                         .draw_seed = [] { return 1; },
                         .costs = pipeline_.costs(),
                         .available_bytes = [this] { return pipeline_.AvailableBytes(); }});
  ASSERT_THAT(GenerateWithFault(PlanWithFallbacks(), 7, 2), IsOk());
  ValidatedRequest request;
  request.start_images = SmallPlan().start_images;
  request.resolution = PixelSize{.width = 96, .height = 96};
  request.frame_count = 24;
  request.steps = 1;
  request.guidance_scale = 2.0;
  EXPECT_THAT(planner.Plan(request), IsOk());
}

}  // namespace
}  // namespace ruyi
