#include "core/worker/job_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/error_reasons.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_pipeline.h"
#include "tests/support/fake_video_encoder.h"
#include "tests/support/grey_image.h"
#include "tests/support/recording_event_sink.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_job.h"

namespace ruyi {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

constexpr int kBytesPerFrame = 100'000;
constexpr int kEncoderChunks = 2;
const int kSteps = TestPlan().steps;
const int kFrames = TestPlan().frame_count;

std::string Sha256(const std::string& bytes) {
  std::string digest(32, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha256(),
             nullptr);
  return digest;
}

// Takes a second for each chunk.
class SlowSink final : public JobEventSink {
 public:
  SlowSink(FakeClock* clock, std::shared_ptr<JobEventSink> next) : clock_(clock), next_(std::move(next)) {}

  absl::Status OnEvent(JobEvent event) override {
    if (std::holds_alternative<JobChunk>(event))
      clock_->Advance(absl::Seconds(1));
    return next_->OnEvent(std::move(event));
  }

 private:
  FakeClock* clock_;
  std::shared_ptr<JobEventSink> next_;
};

class JobRunTest : public testing::Test {
 protected:
  // Runs the job to its end and returns its last event.
  JobEvent Run() {
    FakePipeline pipeline(pipeline_);
    const FakeVideoEncoderFactory encoders(encoder_);
    returned_ = JobRun(*job_, encoders, clock_).Run(pipeline);
    return sink_->events().back();
  }

  absl::Status RunToFailure() {
    const JobEvent last = Run();
    EXPECT_THAT(sink_->EventsOf<JobFailed>(), SizeIs(1));
    EXPECT_THAT(sink_->EventsOf<JobCompleted>(), IsEmpty());
    const absl::Status status =
        std::holds_alternative<JobFailed>(last) ? std::get<JobFailed>(last).status : absl::OkStatus();
    EXPECT_EQ(returned_, status);
    return status;
  }

  JobCompleted RunToCompletion() {
    const JobEvent last = Run();
    EXPECT_THAT(sink_->EventsOf<JobFailed>(), IsEmpty());
    EXPECT_THAT(sink_->EventsOf<JobCompleted>(), SizeIs(1));
    EXPECT_THAT(returned_, IsOk());
    return std::holds_alternative<JobCompleted>(last) ? std::get<JobCompleted>(last) : JobCompleted();
  }

  void UsePlan(const GenerationPlan& plan) { job_ = TestJob(sink_, clock_, plan); }

  void UseSink(std::shared_ptr<RecordingEventSink> sink) {
    sink_ = std::move(sink);
    job_ = TestJob(sink_, clock_);
  }

  // Every unit of `phase` takes `duration`.
  void TakeTime(Phase phase, absl::Duration duration) {
    pipeline_.at_boundary = [this, phase, duration, before = pipeline_.at_boundary](Phase at, int done) {
      before(at, done);
      if (at == phase)
        clock_.Advance(duration);
    };
  }

  std::vector<JobProgress> ProgressOf(Phase phase) const {
    std::vector<JobProgress> found;
    for (const JobProgress& event : sink_->EventsOf<JobProgress>()) {
      if (event.progress.phase == phase)
        found.push_back(event);
    }
    return found;
  }

  FakeClock clock_;
  std::shared_ptr<RecordingEventSink> sink_ = std::make_shared<RecordingEventSink>();
  std::shared_ptr<Job> job_ = TestJob(sink_, clock_);
  FakePipelineOptions pipeline_ = {.encoder_chunks = kEncoderChunks};
  FakeVideoEncoderOptions encoder_ = {.bytes_per_frame = kBytesPerFrame};
  absl::Status returned_;
};

TEST_F(JobRunTest, ReportsThePhasesInTheirOrderUnitByUnit) {
  RunToCompletion();
  std::vector<std::tuple<Phase, int, int>> expected;
  for (const auto& [phase, total] : {std::pair(Phase::kConditioning, kEncoderChunks),
                                     std::pair(Phase::kDenoising, kSteps), std::pair(Phase::kDecoding, kFrames)}) {
    for (int done = 0; done <= total; ++done)
      expected.emplace_back(phase, done, total);
  }
  std::vector<std::tuple<Phase, int, int>> reported;
  for (const JobProgress& event : sink_->EventsOf<JobProgress>())
    reported.emplace_back(event.progress.phase, event.progress.done, event.progress.total);
  EXPECT_EQ(reported, expected);
}

TEST_F(JobRunTest, SendsChunksWhileItStillDecodesAndEndsWithTheSummary) {
  RunToCompletion();
  std::string order;
  for (const JobEvent& event : sink_->events())
    order += "aqprcCF"[event.index()];
  // Conditioning 0..2 and denoising 0..3; decoding 0..8, the encoder being one frame behind; two last chunks.
  EXPECT_EQ(order,
            "ppp"
            "pppp"
            "pp"
            "cpcpcpcpcpcpcp"
            "cc"
            "C");
}

TEST_F(JobRunTest, SendsTheFileThatTheEncoderWrote) {
  const JobCompleted completed = RunToCompletion();
  const std::string file = FakeVideoBytes(int64_t{kFrames} * kBytesPerFrame);
  std::string received;
  for (const JobChunk& chunk : sink_->EventsOf<JobChunk>()) {
    EXPECT_EQ(chunk.offset, static_cast<int64_t>(received.size()));
    received += chunk.data;
  }
  EXPECT_EQ(received, file);
  EXPECT_EQ(completed.file.size_bytes, static_cast<int64_t>(file.size()));
  EXPECT_EQ(completed.file.sha256, Sha256(file));
}

TEST_F(JobRunTest, DescribesTheFileInTheLastChunkOnly) {
  const JobCompleted completed = RunToCompletion();
  std::vector<JobChunk> chunks = sink_->EventsOf<JobChunk>();
  ASSERT_TRUE(chunks.back().digest.has_value());
  EXPECT_EQ(chunks.back().digest->sha256, completed.file.sha256);
  chunks.pop_back();
  for (const JobChunk& chunk : chunks)
    EXPECT_FALSE(chunk.digest.has_value());
}

TEST_F(JobRunTest, EstimatesTheRestOfAPhaseFromItsMean) {
  pipeline_.at_boundary = [this](Phase phase, int done) {
    if (phase == Phase::kDenoising)
      clock_.Advance(absl::Seconds(2 + 2 * done));  // steps of 2, 4 and 6 s
  };
  RunToCompletion();
  const std::vector<JobProgress> steps = ProgressOf(Phase::kDenoising);
  ASSERT_THAT(steps, SizeIs(4));
  EXPECT_EQ(steps[0].per_unit, std::nullopt);
  EXPECT_EQ(steps[0].remaining, std::nullopt);
  EXPECT_THAT(steps[1].per_unit, Optional(absl::Seconds(2)));
  EXPECT_THAT(steps[1].remaining, Optional(absl::Seconds(4)));
  EXPECT_THAT(steps[2].per_unit, Optional(absl::Seconds(3)));
  EXPECT_THAT(steps[2].remaining, Optional(absl::Seconds(3)));
  EXPECT_THAT(steps[3].per_unit, Optional(absl::Seconds(4)));
  EXPECT_THAT(steps[3].remaining, Optional(absl::ZeroDuration()));
}

TEST_F(JobRunTest, EstimatesEachPhaseByItself) {
  TakeTime(Phase::kConditioning, absl::Seconds(7));
  TakeTime(Phase::kDenoising, absl::Seconds(2));
  TakeTime(Phase::kDecoding, absl::Milliseconds(250));
  RunToCompletion();
  for (const auto& [phase, duration] :
       {std::pair(Phase::kConditioning, absl::Seconds(7)), std::pair(Phase::kDenoising, absl::Seconds(2)),
        std::pair(Phase::kDecoding, absl::Milliseconds(250))}) {
    const std::vector<JobProgress> events = ProgressOf(phase);
    EXPECT_EQ(events[0].per_unit, std::nullopt);
    EXPECT_THAT(events[1].per_unit, Optional(duration));
    EXPECT_THAT(events[1].remaining, Optional(duration * (events[1].progress.total - 1)));
  }
}

TEST_F(JobRunTest, SaysHowLongEachPhaseTook) {
  TakeTime(Phase::kConditioning, absl::Seconds(7));
  TakeTime(Phase::kDenoising, absl::Seconds(2));
  TakeTime(Phase::kDecoding, absl::Milliseconds(250));
  clock_.Advance(absl::Minutes(1));
  const JobCompleted completed = RunToCompletion();
  EXPECT_EQ(completed.queued, absl::Minutes(1));
  EXPECT_EQ(completed.conditioning, absl::Seconds(7) * kEncoderChunks);
  EXPECT_EQ(completed.denoising, absl::Seconds(2) * kSteps);
  EXPECT_EQ(completed.decoding, absl::Milliseconds(250) * kFrames);
}

TEST_F(JobRunTest, CountsTheTimeOfTheLastChunksAsDecoding) {
  job_ = TestJob(std::make_shared<SlowSink>(&clock_, sink_), clock_);
  EXPECT_EQ(RunToCompletion().decoding, absl::Seconds(kFrames + 1));  // a chunk for each frame and the empty one
}

// In a mode of `blocks` blocks that takes as many MiB.
Prediction PredictionOf(int blocks) {
  Prediction prediction = {.mode = {.resident_blocks = blocks, .resident_states = 1}};
  prediction.Of(Stage::kDenoise) = {.peak_bytes = int64_t{blocks} << 20, .seconds = 2};
  return prediction;
}

TEST_F(JobRunTest, SaysHowTheVideoWasMade) {
  GenerationPlan plan = TestPlan();
  plan.prediction = PredictionOf(20);
  UsePlan(plan);
  const GenerationReport report = RunToCompletion().report;
  EXPECT_EQ(report.mode, plan.prediction.mode);
  EXPECT_EQ(report.peak_bytes, 20 << 20);
  EXPECT_EQ(CostOf(report.stages, Stage::kDenoise).seconds, 2);
  EXPECT_EQ(report.retries, 0);
  EXPECT_THAT(sink_->EventsOf<JobRetry>(), IsEmpty());
}

TEST_F(JobRunTest, TellsOfEachRetryInASmallerMode) {
  GenerationPlan plan = TestPlan();
  plan.prediction = PredictionOf(20);
  plan.fallbacks = {PredictionOf(10), PredictionOf(0)};
  UsePlan(plan);
  pipeline_.out_of_memory = 2;
  const GenerationReport report = RunToCompletion().report;
  EXPECT_EQ(report.mode, plan.fallbacks[1].mode);
  EXPECT_EQ(report.retries, 2);
  const std::vector<JobRetry> retries = sink_->EventsOf<JobRetry>();
  ASSERT_THAT(retries, SizeIs(2));
  EXPECT_EQ(retries[0].retry.from, plan.prediction.mode);
  EXPECT_EQ(retries[0].retry.to, plan.fallbacks[0].mode);
  EXPECT_EQ(retries[1].retry.from, plan.fallbacks[0].mode);
  EXPECT_EQ(retries[1].retry.to, plan.fallbacks[1].mode);
  EXPECT_THAT(retries[1].retry.reason, HasSubstr("out of memory"));
}

TEST_F(JobRunTest, GoesOnWhenNobodyHearsOfARetry) {
  GenerationPlan plan = TestPlan();
  plan.fallbacks = {PredictionOf(10)};
  pipeline_.out_of_memory = 1;
  sink_ = std::make_shared<RecordingEventSink>(0);
  UsePlan(plan);
  EXPECT_THAT(RunToFailure(), StatusIs(absl::StatusCode::kUnavailable));  // at the first chunk
  EXPECT_THAT(sink_->EventsOf<JobRetry>(), SizeIs(1));
  EXPECT_EQ(ProgressOf(Phase::kDecoding).back().progress.done, 1);
}

TEST_F(JobRunTest, FailsAtTheStepWhereItsTimeRunsOut) {
  GenerationPlan plan = TestPlan();
  plan.execution_timeout = absl::Seconds(5);
  UsePlan(plan);
  TakeTime(Phase::kDenoising, absl::Seconds(3));
  const absl::Status status = RunToFailure();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(status, HasReason(reason::kJobTimeout));
  EXPECT_EQ(ProgressOf(Phase::kDenoising).back().progress.done, 1);
  EXPECT_THAT(ProgressOf(Phase::kDecoding), IsEmpty());
}

TEST_F(JobRunTest, CountsItsTimeFromTheStartOfTheWork) {
  GenerationPlan plan = TestPlan();
  plan.execution_timeout = absl::Seconds(5);
  UsePlan(plan);
  clock_.Advance(absl::Hours(1));
  TakeTime(Phase::kDenoising, absl::Seconds(1));
  RunToCompletion();
}

TEST_F(JobRunTest, KeepsAnEarlierDeadlineOfTheCall) {
  job_->cancellation.LimitDeadline(clock_.Now() + absl::Seconds(3));
  TakeTime(Phase::kDecoding, absl::Seconds(1));
  EXPECT_THAT(RunToFailure(), HasReason(reason::kJobTimeout));
  EXPECT_EQ(ProgressOf(Phase::kDecoding).back().progress.done, 2);
}

TEST_F(JobRunTest, RefusesFramesOnceItIsCancelled) {
  const FakeVideoEncoderFactory encoders(encoder_);
  JobRun run(*job_, encoders, clock_);
  job_->cancellation.Cancel(absl::CancelledError("stop"));
  EXPECT_THAT(run.OnFrame(GreyImage(job_->plan.size)), StatusIs(absl::StatusCode::kCancelled, "stop"));
}

TEST_F(JobRunTest, FailsWithThePipelinesError) {
  pipeline_.fail_with = absl::ResourceExhaustedError("out of memory");
  EXPECT_THAT(RunToFailure(), StatusIs(absl::StatusCode::kResourceExhausted, "out of memory"));
  EXPECT_THAT(sink_->EventsOf<JobChunk>(), IsEmpty());
}

TEST_F(JobRunTest, FailsWithTheErrorOfAnEncoderThatCannotBeMade) {
  GenerationPlan plan = TestPlan();
  plan.size.width = 63;
  UsePlan(plan);
  EXPECT_THAT(RunToFailure(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(sink_->events(), SizeIs(1));
}

TEST_F(JobRunTest, FailsWithTheErrorOfAFrame) {
  encoder_.fail_at_frame = 4;
  EXPECT_THAT(RunToFailure(), StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(ProgressOf(Phase::kDecoding).back().progress.done, 4);
  EXPECT_FALSE(sink_->EventsOf<JobChunk>().back().digest.has_value());
}

TEST_F(JobRunTest, StopsAtTheFirstChunkThatNobodyTakes) {
  UseSink(std::make_shared<RecordingEventSink>(9));  // the first chunk, see the order of events above
  EXPECT_THAT(RunToFailure(), StatusIs(absl::StatusCode::kUnavailable, "nobody listens"));
  EXPECT_THAT(sink_->EventsOf<JobChunk>(), SizeIs(1));
  EXPECT_EQ(ProgressOf(Phase::kDecoding).back().progress.done, 1);
}

TEST_F(JobRunTest, FailsWhenNobodyTakesTheLastTwoChunks) {
  for (const size_t index : {23u, 24u}) {
    UseSink(std::make_shared<RecordingEventSink>(index));
    EXPECT_THAT(RunToFailure(), StatusIs(absl::StatusCode::kUnavailable, "nobody listens"));
    EXPECT_THAT(sink_->events(), SizeIs(index + 2));  // the chunk and JobFailed
  }
}

// A place where a job can be stopped.
using Boundary = std::tuple<Phase, int>;

std::vector<Boundary> AllBoundaries() {
  std::vector<Boundary> boundaries;
  for (int i = 0; i < kEncoderChunks; ++i)
    boundaries.emplace_back(Phase::kConditioning, i);
  for (int i = 0; i < kSteps; ++i)
    boundaries.emplace_back(Phase::kDenoising, i);
  for (int i = 0; i < kFrames; ++i)
    boundaries.emplace_back(Phase::kDecoding, i);
  return boundaries;
}

class JobRunBoundary : public JobRunTest, public testing::WithParamInterface<Boundary> {};

TEST_P(JobRunBoundary, EndsACancelledJob) {
  const auto [phase, done] = GetParam();
  pipeline_.at_boundary = [&, phase = phase, done = done](Phase at, int units) {
    if (at == phase && units == done)
      job_->cancellation.Cancel(absl::CancelledError("the caller left"));
  };
  EXPECT_THAT(RunToFailure(), StatusIs(absl::StatusCode::kCancelled, "the caller left"));
  const Progress last = sink_->EventsOf<JobProgress>().back().progress;
  EXPECT_EQ(last.phase, phase);
  EXPECT_EQ(last.done, done);
}

INSTANTIATE_TEST_SUITE_P(Every, JobRunBoundary, testing::ValuesIn(AllBoundaries()));

}  // namespace
}  // namespace ruyi
