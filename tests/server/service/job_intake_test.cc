#include "server/service/job_intake.h"

#include <gtest/gtest.h>

#include <memory>
#include <variant>

#include "core/base/error_reasons.h"
#include "tests/server/service/event_log.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/fake_lora_catalog.h"
#include "tests/support/recording_event_sink.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_costs.h"
#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

LoadedModel Model(const LatentGeometry& geometry = {}) {
  ModelFacts facts = TestFacts();
  facts.geometry = geometry;
  return {.costs = std::make_shared<const CostModel>(facts, TestCalibration()),
          .available_bytes = [] { return 6000 * kTestMib; },
          .loras = std::make_shared<FakeLoraCatalog>(),
          .workers = 2};
}

class JobIntakeTest : public testing::Test {
 protected:
  static constexpr size_t kCapacity = 2;

  absl::StatusOr<std::shared_ptr<Job>> Accept(const GenerationRequest& request = TestRequest()) {
    return intake_.Accept(request, deadline_, sink_);
  }

  FakeClock clock_;
  FakeImageDecoder decoder_;
  JobQueue queue_{kCapacity};
  EventLog observer_{[] {}};
  std::shared_ptr<RecordingEventSink> sink_ = std::make_shared<RecordingEventSink>();
  absl::Time deadline_ = absl::InfiniteFuture();
  JobIntake intake_{{.decoder = &decoder_,
                     .queue = &queue_,
                     .clock = &clock_,
                     .observers = {&observer_},
                     .draw_seed = [] { return uint64_t{42}; },
                     .draw_id = [] { return std::string("the-id"); }}};
};

TEST_F(JobIntakeTest, RefusesUntilTheModelIsReady) {
  for (const absl::Status& status : {intake_.Ready(), Accept().status()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_THAT(status, HasReason(reason::kModelLoading));
    EXPECT_GT(GetErrorInfo(status).retry_delay, absl::ZeroDuration());
  }
  intake_.SetReady(Model());
  EXPECT_THAT(intake_.Ready(), IsOk());
  EXPECT_THAT(Accept(), IsOk());
}

TEST_F(JobIntakeTest, RefusesWithWhatItIsTold) {
  intake_.SetReady(Model());
  intake_.Refuse(absl::AbortedError("lost"));
  for (const absl::Status& status :
       {intake_.Ready(), Accept().status(), intake_.EstimateFor(TestRequest(), std::nullopt).status()})
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kAborted, "lost"));
}

TEST_F(JobIntakeTest, AskedBeforeTheModelIsReadyItEstimatesNothing) {
  EXPECT_THAT(intake_.EstimateFor(TestRequest(), std::nullopt), HasReason(reason::kModelLoading));
  EXPECT_EQ(intake_.available_bytes(), std::nullopt);
}

TEST_F(JobIntakeTest, KnowsWhatTheDeviceHas) {
  intake_.SetReady(Model());
  EXPECT_EQ(intake_.available_bytes(), 6000 * kTestMib);
}

TEST_F(JobIntakeTest, EstimatesWithoutAJob) {
  intake_.SetReady(Model());
  ASSERT_OK_AND_ASSIGN(const JobEstimate here, intake_.EstimateFor(TestRequest(), std::nullopt));
  EXPECT_EQ(here.estimate.admission.budget_bytes, 6000 * kTestMib);
  EXPECT_EQ(here.estimate.plan.seed, 42u);
  EXPECT_EQ(here.queue_wait, absl::ZeroDuration());
  ASSERT_OK_AND_ASSIGN(const JobEstimate there, intake_.EstimateFor(TestRequest(), 10 * kTestMib));
  EXPECT_EQ(there.estimate.admission.budget_bytes, 10 * kTestMib);
  EXPECT_EQ(there.estimate.admission.chosen, std::nullopt);
  EXPECT_TRUE(sink_->events().empty());
}

TEST_F(JobIntakeTest, TheWaitIsTheWorkOfAllJobsSharedByTheWorkers) {
  intake_.SetReady(Model());
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const std::shared_ptr<Job> job, Accept());
    intake_.Queue(job);
  }
  ASSERT_OK_AND_ASSIGN(const JobEstimate estimate, intake_.EstimateFor(TestRequest(), std::nullopt));
  EXPECT_EQ(estimate.queue_wait, absl::Seconds(queue_.predicted_seconds()) / 2);
  EXPECT_GT(estimate.queue_wait, absl::ZeroDuration());
}

TEST_F(JobIntakeTest, RefusesWhatFitsNoMemoryMode) {
  LoadedModel model = Model();
  model.available_bytes = [] { return 100 * kTestMib; };
  intake_.SetReady(model);
  EXPECT_THAT(Accept(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Accept(), HasReason(reason::kVramBudget));
  EXPECT_THAT(intake_.EstimateFor(TestRequest(), std::nullopt), IsOk());
}

TEST_F(JobIntakeTest, AcceptsAJobWithoutTellingAnyone) {
  intake_.SetReady(Model({.spatial_scale = 4}));
  clock_.Advance(absl::Seconds(5));
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<Job> job, Accept());
  EXPECT_EQ(job->id, "the-id");
  EXPECT_EQ(job->accepted_at, clock_.Now());
  EXPECT_EQ(job->plan.seed, 42u);
  EXPECT_EQ(job->plan.latents.width, job->plan.size.width / 4);
  EXPECT_THAT(job->cancellation.token().Check(), IsOk());
  EXPECT_TRUE(sink_->events().empty());
  EXPECT_EQ(queue_.waiting(), 0u);
}

TEST_F(JobIntakeTest, TheJobEndsAtTheCallersDeadline) {
  intake_.SetReady(Model());
  deadline_ = clock_.Now() + absl::Seconds(10);
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<Job> job, Accept());
  clock_.Advance(absl::Seconds(9));
  EXPECT_THAT(job->cancellation.token().Check(), IsOk());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(job->cancellation.token().Check(), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(JobIntakeTest, RefusesWhatValidateRefuses) {
  intake_.SetReady(Model());
  GenerationRequest request = TestRequest();
  request.steps = 0;
  request.start_images = {"no picture"};
  const auto job = Accept(request);
  EXPECT_THAT(job, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(GetErrorInfo(job.status()).field_violations.size(), 2u);
  EXPECT_TRUE(sink_->events().empty());
}

TEST_F(JobIntakeTest, RefusesPicturesThatAreTooLarge) {
  intake_.SetReady(Model());
  GenerationRequest request = TestRequest();
  request.start_images = {"huge"};
  EXPECT_THAT(Accept(request), HasReason(reason::kImageTooLarge));
}

TEST_F(JobIntakeTest, RefusesWhatThePlannerRefuses) {
  RequestLimits one_size;
  one_size.sizes = {{.width = 512, .height = 512}};
  const JobIntake::Parts parts = {.limits = one_size,
                                  .decoder = &decoder_,
                                  .queue = &queue_,
                                  .clock = &clock_,
                                  .draw_seed = [] { return uint64_t{1}; },
                                  .draw_id = [] { return std::string("id"); }};
  JobIntake intake(parts);
  intake.SetReady(Model());
  GenerationRequest request = TestRequest();
  request.start_images = {"image 1000x100"};
  const auto job = intake.Accept(request, deadline_, sink_);
  EXPECT_THAT(job, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(GetErrorInfo(job.status()).field_violations,
              testing::ElementsAre(testing::Field(&FieldViolation::field, "start_images[0]")));
}

TEST_F(JobIntakeTest, QueueTellsAcceptedThenThePosition) {
  intake_.SetReady(Model());
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<Job> job, Accept());
  intake_.Queue(job);
  ASSERT_EQ(sink_->events().size(), 2u);
  EXPECT_TRUE(std::holds_alternative<JobAccepted>(sink_->events()[0]));
  EXPECT_TRUE(std::holds_alternative<JobQueued>(sink_->events()[1]));
  EXPECT_EQ(queue_.waiting(), 1u);
  EXPECT_EQ(observer_.accepted().value(), 1);
}

TEST_F(JobIntakeTest, AFullQueueIsAFailureOfTheAcceptedJob) {
  intake_.SetReady(Model());
  for (size_t i = 0; i < kCapacity; ++i) {
    ASSERT_OK_AND_ASSIGN(const std::shared_ptr<Job> job, Accept());
    intake_.Queue(job);
  }
  sink_ = std::make_shared<RecordingEventSink>();
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<Job> job, Accept());
  intake_.Queue(job);
  ASSERT_EQ(sink_->events().size(), 2u);
  EXPECT_TRUE(std::holds_alternative<JobAccepted>(sink_->events()[0]));
  const absl::Status status = sink_->EventsOf<JobFailed>().at(0).status;
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(status, HasReason(reason::kQueueFull));
  EXPECT_TRUE(GetErrorInfo(status).retry_delay.has_value());
  EXPECT_THAT(observer_.ends(), testing::ElementsAre(HasReason(reason::kQueueFull)));
}

TEST_F(JobIntakeTest, AClosedQueueIsAFailureToo) {
  intake_.SetReady(Model());
  queue_.Close();
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<Job> job, Accept());
  intake_.Queue(job);
  EXPECT_THAT(sink_->EventsOf<JobFailed>().at(0).status, HasReason(reason::kDraining));
}

TEST_F(JobIntakeTest, AJobThatWasAcceptedBeforeTheRefusalFailsWithIt) {
  intake_.SetReady(Model());
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<Job> job, Accept());
  intake_.Refuse(absl::AbortedError("lost"));
  queue_.Close();
  intake_.Queue(job);
  EXPECT_THAT(sink_->EventsOf<JobFailed>().at(0).status, StatusIs(absl::StatusCode::kAborted, "lost"));
}

TEST_F(JobIntakeTest, CancelEndsAJobThatWaits) {
  intake_.SetReady(Model());
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<Job> job, Accept());
  intake_.Queue(job);
  intake_.Cancel(*job, absl::CancelledError("no longer wanted"));
  EXPECT_EQ(queue_.waiting(), 0u);
  EXPECT_THAT(sink_->EventsOf<JobFailed>().at(0).status, StatusIs(absl::StatusCode::kCancelled, "no longer wanted"));
}

TEST_F(JobIntakeTest, CancelBeforeTheQueueEndsTheJobWhenItIsPopped) {
  intake_.SetReady(Model());
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<Job> job, Accept());
  intake_.Cancel(*job, absl::CancelledError("no longer wanted"));
  intake_.Queue(job);
  queue_.Close();
  EXPECT_EQ(queue_.Pop(), nullptr);
  EXPECT_THAT(sink_->EventsOf<JobFailed>().at(0).status, StatusIs(absl::StatusCode::kCancelled, "no longer wanted"));
}

}  // namespace
}  // namespace ruyi
