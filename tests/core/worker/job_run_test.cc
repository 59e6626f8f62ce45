#include "core/worker/job_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "core/base/error_reasons.h"
#include "core/digest/sha256.h"
#include "core/job/job_json.h"
#include "tests/core/worker/job_run_fixture.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class JobRunTest : public JobRunFixture {};

TEST_F(JobRunTest, MakesTheVideo) {
  const std::string id = bench_.CreateJob();
  ASSERT_THAT(RunNext(), IsOk());
  const JobRecord record = bench_.Get(id);
  EXPECT_EQ(record.state, JobState::kSucceeded);
  EXPECT_EQ(record.result->file.size_bytes, static_cast<int64_t>(bench_.BytesOf(id).size()));
  Sha256 sha256;
  sha256.Update(bench_.BytesOf(id));
  EXPECT_EQ(record.result->file.sha256, sha256.Finish());
  EXPECT_THAT(bench_.troubles, IsEmpty());
}

TEST_F(JobRunTest, LogsWhoWorksAndHow) {
  const std::string id = bench_.CreateJob();
  ASSERT_THAT(RunNext(), IsOk());
  const std::vector<JobStarted> started = bench_.EventsOf<JobStarted>(id);
  ASSERT_THAT(started, SizeIs(1));
  EXPECT_EQ(started[0].worker, "worker-0");
  EXPECT_EQ(started[0].attempt, 1);
  EXPECT_THAT(started[0].placement.reason, HasSubstr("fits"));
  EXPECT_THAT(bench_.EventsOf<JobResumed>(id), IsEmpty());
}

TEST_F(JobRunTest, TellsWhereTheVideoComesFrom) {
  VideoSpec spec = TestSpec();
  spec.sampler = SamplerKind::kEuler;
  spec.loras = {LoraSettings{.name = "film", .strength = 1, .sha256 = "l"}};
  const std::string id = bench_.CreateJob(spec);
  ASSERT_THAT(RunNext(), IsOk());
  const Provenance provenance = bench_.Get(id).result->provenance;
  EXPECT_EQ(provenance.model_sha256, "m");
  EXPECT_EQ(provenance.sampler, "euler");
  EXPECT_EQ(provenance.seed, spec.seed);
  EXPECT_THAT(provenance.loras, ElementsAre(std::pair("film", "l")));
}

TEST_F(JobRunTest, PlacesTheModelByWhatIsFreeNow) {
  const std::string id = bench_.CreateJob();
  EXPECT_THAT(RunNext({.available_bytes = [] { return int64_t{1}; }}), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(bench_.Get(id).state, JobState::kFailed);
  EXPECT_THAT(bench_.Get(id).error, HasReason(reason::kVramBudget));
}

// The fastest mode saves less than the change takes.
TEST_F(JobRunTest, KeepsTheModelAsItLies) {
  Calibration calibration = TestCalibration();
  calibration.place_bytes_per_second = kTestMib;
  const MemoryMode none = {.resident_blocks = 0, .resident_states = 3, .branches_in_turn = true};
  const std::string id = bench_.CreateJob();
  ASSERT_THAT(RunNext({.costs = std::make_shared<const CostModel>(TestFacts(), calibration), .placed = {.mode = none}}),
              IsOk());
  const Placement placement = bench_.EventsOf<JobStarted>(id).at(0).placement;
  EXPECT_EQ(placement.prediction.mode, none);
  EXPECT_EQ(placement.prediction.Of(Stage::kLoad).seconds, 0);
  EXPECT_THAT(placement.reason, HasSubstr("already in place"));
}

TEST_F(JobRunTest, LogsWhatTheChangeOfTheModeIsPredictedToTake) {
  Calibration calibration = TestCalibration();
  calibration.place_bytes_per_second = 1000.0 * kTestMib;
  const std::string id = bench_.CreateJob();
  ASSERT_THAT(RunNext({.costs = std::make_shared<const CostModel>(TestFacts(), calibration),
                       .available_bytes = [] { return 3000 * kTestMib; },
                       .placed = {.mode = MemoryMode{.resident_blocks = 4}}}),
              IsOk());
  const Prediction prediction = bench_.EventsOf<JobStarted>(id).at(0).placement.prediction;
  EXPECT_EQ(prediction.mode.resident_blocks, 0);
  EXPECT_DOUBLE_EQ(prediction.Of(Stage::kLoad).seconds, 2);
}

TEST_F(JobRunTest, EndsWithTheErrorOfThePipeline) {
  const std::string id = bench_.CreateJob();
  const absl::Status broken = absl::InternalError("broken");
  EXPECT_EQ(RunNext({.fail_with = broken}), broken);
  EXPECT_EQ(bench_.Get(id).error, broken);
  EXPECT_THAT(bench_.artifacts->StatResult(id), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(JobRunTest, EndsWithTheErrorOfTheEncoder) {
  const std::string id = bench_.CreateJob();
  const Lease lease = bench_.Claim();
  const FakeVideoEncoderFactory encoders({.fail_at_frame = 2});
  WorkerTools tools = bench_.Tools();
  tools.encoders = &encoders;
  FakePipeline pipeline;
  EXPECT_THAT(JobRun(lease, tools).Run(pipeline),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("failed at frame 2")));
  EXPECT_THAT(bench_.Get(id).error, StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(bench_.artifacts->StatResult(id), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(JobRunTest, EndsWhenAPictureIsDamaged) {
  VideoSpec spec = TestSpec();
  const std::string id = bench_.CreateJob(spec);
  const Lease lease = bench_.Claim();
  ASSERT_THAT(bench_.artifacts->DeleteBlob(lease.record.spec.start_pictures[0].pixels_sha256), IsOk());
  FakePipeline pipeline;
  const WorkerTools tools = bench_.Tools();
  EXPECT_THAT(JobRun(lease, tools).Run(pipeline), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(bench_.Get(id).state, JobState::kFailed);
}

TEST_F(JobRunTest, EndsWhenItIsCancelled) {
  const std::string id = bench_.CreateJob();
  const auto cancel = [&](Phase phase, int done) {
    if (phase == Phase::kDenoising && done == 1)
      bench_.jobs.Cancel(id, absl::CancelledError("enough")).IgnoreError();
  };
  // The keeper of the lease hears of it on another thread: the run ends at one of the next boundaries.
  const absl::Status status = RunNext({.at_boundary = cancel});
  EXPECT_EQ(bench_.Get(id).state, status.ok() ? JobState::kSucceeded : JobState::kCancelled);
}

TEST_F(JobRunTest, EndsWhenItsTimeIsOver) {
  VideoSpec spec = TestSpec();
  spec.execution_timeout = absl::Seconds(10);
  const std::string id = bench_.CreateJob(spec);
  const auto wait = [&](Phase, int) { bench_.clock.Advance(absl::Seconds(4)); };
  EXPECT_THAT(RunNext({.at_boundary = wait}), HasReason(reason::kJobTimeout));
  EXPECT_THAT(bench_.Get(id).error, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(JobRunTest, TheTimeOfDayEndsNothing) {
  VideoSpec spec = TestSpec();
  spec.execution_timeout = absl::Seconds(10);
  bench_.CreateJob(spec);
  const auto step = [&](Phase, int) { bench_.clock.StepWall(absl::Hours(24)); };
  EXPECT_THAT(RunNext({.at_boundary = step}), IsOk());
}

TEST_F(JobRunTest, SavesItselfAtItsInterval) {
  const std::string id = bench_.CreateJob();
  int most = 0;
  const auto wait = [&](Phase phase, int done) {
    if (phase != Phase::kDenoising)
      return;
    bench_.clock.Advance(absl::Seconds(20));  // the interval is 30
    const std::optional<CheckpointRef> checkpoint = bench_.Get(id).checkpoint;
    most = std::max(most, checkpoint.has_value() ? checkpoint->step : 0);
    EXPECT_LE(most, done);
  };
  ASSERT_THAT(RunNext({.at_boundary = wait}), IsOk());
  EXPECT_EQ(most, 2);
}

TEST_F(JobRunTest, GoesBackToTheQueueWithACheckpoint) {
  const std::string whole = Uninterrupted();
  const std::string id = bench_.CreateJob();
  const Lease lease = bench_.Claim();
  const WorkerTools tools = bench_.Tools();
  JobRun run(lease, tools);
  const auto stop = [&](Phase phase, int done) {
    if (phase == Phase::kDenoising && done == 1)
      run.RequestHandBack();
  };
  FakePipeline first({.at_boundary = stop});
  EXPECT_THAT(run.Run(first), HasReason(reason::kHandedBack));
  const JobRecord waiting = bench_.Get(id);
  EXPECT_EQ(waiting.state, JobState::kQueued);
  EXPECT_EQ(waiting.checkpoint->step, 2);
  EXPECT_EQ(waiting.crashes, 0);

  std::vector<std::pair<Phase, int>> boundaries;
  ASSERT_THAT(RunNext({.at_boundary = [&](Phase phase, int done) { boundaries.emplace_back(phase, done); }}), IsOk());
  EXPECT_THAT(boundaries, testing::Not(testing::Contains(std::pair(Phase::kDenoising, 0))));
  EXPECT_THAT(boundaries, testing::Contains(std::pair(Phase::kDenoising, 2)));
  EXPECT_EQ(bench_.BytesOf(id), whole);
  EXPECT_EQ(bench_.Get(id).usage->resumes, 1);
  EXPECT_THAT(bench_.EventsOf<JobResumed>(id), SizeIs(1));
}

TEST_F(JobRunTest, BytesThatReadersHaveNeverChange) {
  const std::string whole = Uninterrupted();
  const std::string id = bench_.CreateJob();
  const Lease lease = bench_.Claim();
  const WorkerTools tools = bench_.Tools();
  JobRun run(lease, tools);
  absl::Notification has_bytes;
  const std::unique_ptr<Subscription> changes = bench_.artifacts->Subscribe(id, [&] {
    if (!has_bytes.HasBeenNotified() && !bench_.BytesOf(id).empty())
      has_bytes.Notify();
  });
  const auto stop = [&](Phase phase, int done) {
    if (phase != Phase::kDecoding || done != 4)
      return;
    has_bytes.WaitForNotification();
    run.RequestHandBack();
  };
  FakePipeline first({.at_boundary = stop});
  EXPECT_THAT(run.Run(first), HasReason(reason::kHandedBack));
  const std::string had = bench_.BytesOf(id);
  EXPECT_FALSE(had.empty());
  ASSERT_THAT(RunNext(), IsOk());
  EXPECT_EQ(bench_.BytesOf(id), whole);
  EXPECT_EQ(whole.substr(0, had.size()), had);
}

TEST_F(JobRunTest, GoesOnWithTheAutoencoderInSlabsWhereItBeganSo) {
  Calibration calibration = TestCalibration();
  calibration.slab_encode.bytes = calibration.encode.bytes;
  calibration.slab_decode.bytes = calibration.decode.bytes;
  const std::string id = bench_.CreateJob();
  const Lease first = bench_.Claim();
  Placement placement;
  placement.prediction.mode = {.resident_blocks = 4, .resident_states = 3, .autoencoder_in_slabs = true};
  ASSERT_THAT(bench_.jobs.Append(first, JobStarted{.worker = "worker-0", .attempt = 1, .placement = placement}),
              IsOk());
  ASSERT_THAT(bench_.jobs.HandBack(first), IsOk());
  ASSERT_THAT(RunNext({.costs = std::make_shared<CostModel>(TestFacts(), calibration)}), IsOk());
  EXPECT_TRUE(bench_.EventsOf<JobStarted>(id).back().placement.prediction.mode.autoencoder_in_slabs);
}

TEST_F(JobRunTest, BeginsAnewWithoutItsCheckpoint) {
  const std::string id = bench_.CreateJob();
  const Lease first = bench_.Claim();
  const CheckpointRef gone = {.step = 2, .sha256 = std::string(64, 'c'), .worked = absl::Seconds(1)};
  ASSERT_THAT(bench_.jobs.SetCheckpoint(first, gone), IsOk());
  ASSERT_THAT(bench_.jobs.HandBack(first), IsOk());
  EXPECT_THAT(RunNext(), IsOk());
  EXPECT_THAT(bench_.EventsOf<JobResumed>(id), IsEmpty());
}

TEST_F(JobRunTest, BeginsAnewWhereItsCheckpointIsNotTaken) {
  const std::string whole = Uninterrupted();
  const std::string id = bench_.CreateJob();
  const Lease first = bench_.Claim();
  const std::string foreign = bench_.artifacts->PutBlob("of another build").value_or("");
  ASSERT_THAT(bench_.jobs.SetCheckpoint(first, {.step = 2, .sha256 = foreign, .worked = absl::Seconds(1)}), IsOk());
  ASSERT_THAT(bench_.jobs.HandBack(first), IsOk());
  EXPECT_THAT(RunNext(), IsOk());
  EXPECT_EQ(bench_.BytesOf(id), whole);
  EXPECT_THAT(bench_.EventsOf<JobResumed>(id), IsEmpty());
  EXPECT_EQ(bench_.Get(id).usage->resumes, 0);
}

TEST_F(JobRunTest, TakesTheFileOfAnAttemptThatCouldNotSayItWasDone) {
  const std::string whole = Uninterrupted();
  const std::string id = bench_.CreateJob();
  const Lease first = bench_.Claim();
  {
    const absl::StatusOr<std::unique_ptr<ResultWriter>> writer = bench_.artifacts->OpenResult(id, first.token);
    ASSERT_THAT(writer, IsOk());
    ASSERT_THAT((*writer)->Write({reinterpret_cast<const uint8_t*>(whole.data()), whole.size()}), IsOk());
    ASSERT_THAT((*writer)->Seal(), IsOk());
  }
  ASSERT_THAT(bench_.jobs.HandBack(first), IsOk());
  EXPECT_THAT(RunNext({.fail_with = absl::InternalError("the video was made again")}), IsOk());
  EXPECT_EQ(bench_.BytesOf(id), whole);
  EXPECT_EQ(bench_.Get(id).result->file.size_bytes, static_cast<int64_t>(whole.size()));
}

TEST_F(JobRunTest, EndsWithWhatThatAttemptKnew) {
  const auto options = [this](absl::Status fail_with = absl::OkStatus()) {
    return FakePipelineOptions{.skipped_steps = {2},
                               .fail_with = std::move(fail_with),
                               .at_boundary = [this](Phase, int) { bench_.clock.Advance(absl::Seconds(1)); }};
  };
  const std::string whole = bench_.CreateJob();
  ASSERT_THAT(RunNext(options()), IsOk());
  const std::string id = bench_.CreateJob();
  const Lease first = bench_.Claim();
  {
    const std::unique_ptr<Subscription> changes = bench_.artifacts->Subscribe(id, [&] {
      if (bench_.artifacts->StatResult(id)->is_sealed) {
        EXPECT_THAT(bench_.jobs.HandBack(first), IsOk());
      }
    });
    FakePipeline pipeline(options());
    const WorkerTools tools = bench_.Tools();
    ASSERT_THAT(JobRun(first, tools).Run(pipeline), HasReason(reason::kLeaseLost));
  }
  FakePipelineOptions next = options(absl::InternalError("the video was made again"));
  next.available_bytes = [] { return int64_t{0}; };  // it needs no device any more
  ASSERT_THAT(RunNext(std::move(next)), IsOk());
  EXPECT_THAT(bench_.Get(id).result->skipped_steps, ElementsAre(2));
  const auto completed_of = [this](const std::string& job) {
    return EventToJson(bench_.EventsOf<JobCompleted>(job).at(0));
  };
  EXPECT_EQ(completed_of(id), completed_of(whole));
}

TEST_F(JobRunTest, GoesOnWhereNoCheckpointCanBeKept) {
  const std::string id = bench_.CreateJob();
  const std::filesystem::path blobs = bench_.folder.path() / "blobs";
  const auto wait = [&](Phase phase, int done) {
    bench_.clock.Advance(absl::Seconds(20));  // the interval is 30
    if (phase == Phase::kDenoising && done == 0) {
      std::filesystem::rename(blobs, bench_.folder.path() / "moved");
      std::ofstream(blobs) << "no folder";
    }
  };
  EXPECT_THAT(RunNext({.at_boundary = wait}), IsOk());
  EXPECT_EQ(bench_.Get(id).state, JobState::kSucceeded);
  EXPECT_FALSE(bench_.Get(id).checkpoint.has_value());
  EXPECT_THAT(bench_.troubles, testing::Not(IsEmpty()));
}

TEST_F(JobRunTest, ChangesNothingWithoutItsLease) {
  const std::string id = bench_.CreateJob();
  const Lease lease = bench_.Claim();
  const auto take = [&](Phase phase, int done) {
    if (phase != Phase::kDecoding || done != 1)
      return;
    ASSERT_THAT(bench_.jobs.HandBack(lease), IsOk());
    bench_.Claim();  // now somebody else has the job
  };
  const WorkerTools tools = bench_.Tools();
  FakePipeline pipeline({.at_boundary = take});
  EXPECT_THAT(JobRun(lease, tools).Run(pipeline), HasReason(reason::kLeaseLost));
  EXPECT_EQ(bench_.Get(id).state, JobState::kRunning);
  EXPECT_EQ(bench_.Get(id).attempts, 2);
}

TEST_F(JobRunTest, SendsPreviews) {
  VideoSpec spec = TestSpec();
  spec.preview = PreviewSettings{.every_steps = 2, .width = 32};
  const std::string id = bench_.CreateJob(spec);
  ASSERT_THAT(RunNext(), IsOk());
  const std::vector<JobPreview> previews = bench_.EventsOf<JobPreview>(id);
  ASSERT_THAT(previews, SizeIs(1));
  EXPECT_EQ(previews[0].step, 2);
  EXPECT_EQ(previews[0].jpeg, "jpeg 32x16");
}

TEST_F(JobRunTest, TellsWhatTheStoreCouldNotBeTold) {
  bench_.CreateJob();
  const Lease lease = bench_.Claim();
  ASSERT_THAT(bench_.jobs.HandBack(lease), IsOk());
  const WorkerTools tools = bench_.Tools();
  JobRun run(lease, tools);
  run.RequestHandBack();
  FakePipeline pipeline;
  EXPECT_THAT(run.Run(pipeline), HasReason(reason::kLeaseLost));
}

}  // namespace
}  // namespace ruyi
