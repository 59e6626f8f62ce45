// Tests memory that runs out in the middle of a video: a sink throws what an allocator throws.
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
#include "core/base/exception_guard.h"
#include "core/plan/admission.h"
#include "tests/core/pipeline/small_pipeline.h"
#include "tests/core/pipeline/small_video.h"

namespace ruyi {
namespace {

using testing::Eq;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int kFrames = 24;

class OutOfMemoryTest : public testing::Test {
 protected:
  // Returns a video whose placement has every mode, largest first.
  VideoInput VideoWithFallbacks() const {
    VideoInput input = SmallVideo(kFrames);
    input.spec.steps = 2;
    for (const MemoryMode& mode : pipeline_.costs()->Modes(input.spec))
      input.placement.fallbacks.push_back(pipeline_.costs()->Predict(input.spec, mode));
    input.placement.prediction = input.placement.fallbacks.front();
    input.placement.fallbacks.erase(input.placement.fallbacks.begin());
    return input;
  }

  // Generates a video while memory runs out at report number `at` of the first `times` attempts.
  absl::StatusOr<GenerationReport> GenerateWithFault(const VideoInput& input, size_t at, int times = 1) {
    size_t reports = 0;
    progress_.emplace([&, at](size_t) {
      if (++reports < at || times == 0)
        return;
      --times;
      reports = 0;
      throw std::bad_alloc();
    });
    frames_ = RecordingFrames();
    return Generate(pipeline_, input, *progress_, frames_);
  }

  const RuyiPipelineOptions options_ = SmallOptions();
  RuyiPipeline pipeline_ = PipelineOf("tiny", options_);
  std::optional<RecordingProgress> progress_;
  RecordingFrames frames_;
};

TEST_F(OutOfMemoryTest, WhereverItIsTheVideoIsMadeInTheNextMode) {
  const VideoInput input = VideoWithFallbacks();
  const std::vector<uint8_t> video = VideoOf(pipeline_, input);
  RecordingProgress all;
  RecordingFrames frames;
  ASSERT_THAT(Generate(pipeline_, input, all, frames), IsOk());
  for (size_t at = 1; at <= all.reports.size(); ++at) {
    ASSERT_OK_AND_ASSIGN(const GenerationReport report, GenerateWithFault(input, at));
    EXPECT_THAT(frames_.Bytes(), Eq(video)) << at;
    EXPECT_EQ(report.mode, input.placement.fallbacks.front().mode);
    EXPECT_EQ(report.retries, 1);
    ASSERT_THAT(progress_->retries, SizeIs(1));
    EXPECT_EQ(progress_->retries[0].from, input.placement.prediction.mode);
    EXPECT_EQ(progress_->retries[0].to, input.placement.fallbacks.front().mode);
    EXPECT_THAT(progress_->retries[0].reason, HasSubstr("out of memory"));
  }
}

TEST_F(OutOfMemoryTest, TheNextRequestIsUnharmed) {
  const VideoInput input = VideoWithFallbacks();
  const std::vector<uint8_t> video = VideoOf(pipeline_, input);
  ASSERT_THAT(GenerateWithFault(input, 7, 2), IsOk());
  EXPECT_THAT(VideoOf(pipeline_, input), Eq(video));
  VideoInput other = SmallVideo();
  RuyiPipeline fresh = PipelineOf("tiny");
  EXPECT_THAT(VideoOf(pipeline_, other), Eq(VideoOf(fresh, other)));
}

TEST_F(OutOfMemoryTest, InEveryModeIsAnErrorAndTheNextRequestIsUnharmed) {
  const VideoInput input = VideoWithFallbacks();
  const std::vector<uint8_t> video = VideoOf(pipeline_, input);
  const absl::Status status = GenerateWithFault(input, 3, std::numeric_limits<int>::max()).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("no smaller memory mode is left")));
  EXPECT_THAT(status, HasReason(reason::kGpuOutOfMemory));
  EXPECT_THAT(progress_->retries, SizeIs(input.placement.fallbacks.size()));
  EXPECT_THAT(frames_.frames, IsEmpty());
  EXPECT_THAT(VideoOf(pipeline_, input), Eq(video));
}

TEST_F(OutOfMemoryTest, OfTheOnlyModeIsAnError) {
  EXPECT_THAT(GenerateWithFault(SmallVideo(kFrames), 2), HasReason(reason::kGpuOutOfMemory));
}

// A smaller mode takes more of the host's memory.
TEST_F(OutOfMemoryTest, OfTheHostEndsTheVideoAndLeavesTheNextUnharmed) {
  const VideoInput input = VideoWithFallbacks();
  const std::vector<uint8_t> video = VideoOf(pipeline_, input);
  RecordingProgress progress([](size_t) { throw OutOfHostMemory("none is left"); });
  RecordingFrames frames;
  const absl::Status status = Generate(pipeline_, input, progress, frames).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("none is left")));
  EXPECT_THAT(status, HasReason(reason::kHostMemory));
  EXPECT_THAT(progress.retries, IsEmpty());
  EXPECT_THAT(VideoOf(pipeline_, input), Eq(video));
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
  const VideoInput input = VideoWithFallbacks();
  const std::vector<uint8_t> video = VideoOf(pipeline_, input);
  for (const size_t at : {0, 1, 9, kFrames - 1}) {
    RecordingProgress progress;
    ThrowingFrames frames(at);
    ASSERT_THAT(Generate(pipeline_, input, progress, frames), IsOk());
    EXPECT_THAT(progress.retries, SizeIs(1));
    EXPECT_THAT(frames.frames.Bytes(), Eq(video)) << at;
  }
}

// An error that a sink returns is none of the device, whatever its code.
TEST_F(OutOfMemoryTest, OfTheSinksOwnIsTheSinksError) {
  RecordingProgress progress;
  RecordingFrames frames(5, absl::ResourceExhaustedError("the disk is full"));
  const auto report = Generate(pipeline_, VideoWithFallbacks(), progress, frames);
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
  EXPECT_THAT(Generate(pipeline_, VideoWithFallbacks(), progress, frames_),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("a fault")));
  EXPECT_THAT(progress.retries, IsEmpty());
}

// Devices that are alike: what one has learnt, requests for the other are planned with.
TEST_F(OutOfMemoryTest, TeachesPipelinesThatShareTheirOptions) {
  RuyiPipeline other = PipelineOf("tiny", options_);
  ASSERT_THAT(pipeline_.WarmUp(), IsOk());
  ASSERT_THAT(other.WarmUp(), IsOk());
  const VideoInput input = VideoWithFallbacks();
  const auto predicted = [&] {
    return other.costs()->Predict(input.spec, input.placement.prediction.mode).peak_bytes();
  };
  const int64_t before = predicted();
  ASSERT_THAT(GenerateWithFault(input, 7), IsOk());
  EXPECT_GT(predicted(), before);
}

// One fault must not let the cost model refuse what it took before.
TEST_F(OutOfMemoryTest, LargerVideosAreStillTaken) {
  ASSERT_THAT(pipeline_.WarmUp(), IsOk());
  ASSERT_THAT(GenerateWithFault(VideoWithFallbacks(), 7, 2), IsOk());
  VideoSpec larger = SmallVideo(kFrames).spec;
  larger.size = {.width = 96, .height = 96};
  larger.latents = LatentsOf(larger.size, larger.frame_count, pipeline_.costs()->facts().geometry);
  EXPECT_THAT(Place(*pipeline_.costs(), larger, pipeline_.AvailableMemory()), IsOk());
}

}  // namespace
}  // namespace ruyi
