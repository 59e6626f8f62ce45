#include "core/intake/job_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/artifact/files/file_artifact_store.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/intake/upload_receipt.h"
#include "core/store/memory/memory_job_store.h"
#include "tests/core/store/test_jobs.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/fake_lora_catalog.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_costs.h"
#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

class Refusals final : public JobObserver {
 public:
  void OnJobEvent(const JobRecord& /*job*/, const LoggedEvent& /*event*/) override {}
  void OnRefused(const CallContext& /*caller*/, const absl::Status& why) override {
    reasons.push_back(GetErrorInfo(why).reason);
  }
  std::vector<std::string> reasons;
};

class JobIntakeTest : public testing::Test {
 protected:
  JobIntakeTest()
      : jobs_({.queue_capacity = 4}, clock_),
        artifacts_(*FileArtifactStore::Open(folder_.path().string(), {}, clock_)),
        intake_({.limits = {},
                 .build = "1",
                 .decoder = &decoder_,
                 .jobs = &jobs_,
                 .artifacts = artifacts_.get(),
                 .observers = {&refusals_},
                 .draw_seed = [] { return uint64_t{7}; },
                 .draw_id = [this] { return absl::StrCat("job-", ++drawn_); }}) {
    SetReady();
  }

  void SetReady(int64_t available_bytes = int64_t{1} << 50, const std::string& arithmetic = "Float") {
    intake_.SetReady({.costs = TestCosts(),
                      .available = [available_bytes] { return MemoryBudget{.device_bytes = available_bytes}; },
                      .loras = std::make_shared<FakeLoraCatalog>(),
                      .sha256 = "model",
                      .arithmetic = arithmetic});
  }

  static JobRequest Request() { return {.generation = TestRequest()}; }

  static JobRequest Known(const std::string& digest) {
    JobRequest request = Request();
    request.request_id = "8c1f0e0a";
    request.payload_digest = digest;
    return request;
  }

  absl::StatusOr<CreatedJob> Create(JobRequest request) { return intake_.Create(std::move(request), {}); }

  static std::vector<FieldViolation> ViolationsOf(const absl::Status& status) {
    return GetErrorInfo(status).field_violations;
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  FakeImageDecoder decoder_;
  Refusals refusals_;
  MemoryJobStore jobs_;
  std::unique_ptr<FileArtifactStore> artifacts_;
  int drawn_ = 0;
  JobIntake intake_;
};

TEST_F(JobIntakeTest, CreatesAJobThatKeepsNoPixels) {
  ASSERT_OK_AND_ASSIGN(const CreatedJob created, Create(Request()));
  EXPECT_TRUE(created.is_new);
  EXPECT_EQ(created.record.state, JobState::kQueued);
  EXPECT_EQ(created.record.spec.seed, 7u);
  const VideoSpec& spec = created.record.spec;
  ASSERT_EQ(spec.start_pictures.size(), 1u);
  ASSERT_OK_AND_ASSIGN(const std::string pixels, artifacts_->ReadBlob(spec.start_pictures[0].pixels_sha256));
  EXPECT_EQ(pixels.size(), size_t{3} * spec.size.width * spec.size.height);
}

TEST_F(JobIntakeTest, TheSameRequestMakesOneJob) {
  ASSERT_OK_AND_ASSIGN(const CreatedJob first, Create(Known("a")));
  ASSERT_OK_AND_ASSIGN(const CreatedJob second, Create(Known("a")));
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(second.record.ticket.id, first.record.ticket.id);
}

TEST_F(JobIntakeTest, TheSameRequestIsKnownWhileTheServerRefuses) {
  ASSERT_THAT(Create(Known("a")), IsOk());
  intake_.Refuse(absl::UnavailableError("draining"));
  EXPECT_THAT(Create(Known("a")), IsOk());
  EXPECT_THAT(Create(Request()), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(JobIntakeTest, RefusesARequestIdOfAnotherRequest) {
  ASSERT_THAT(Create(Known("a")), IsOk());
  EXPECT_THAT(Create(Known("b")), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(refusals_.reasons, ElementsAre(reason::kRequestIdReused));
}

TEST_F(JobIntakeTest, RefusesUntilTheModelIsLoaded) {
  JobIntake fresh({.limits = {}, .build = "1", .decoder = &decoder_, .jobs = &jobs_, .artifacts = artifacts_.get()});
  EXPECT_THAT(fresh.Create(Request(), {}), HasReason(reason::kModelLoading));
  EXPECT_THAT(fresh.EstimateFor(Request(), std::nullopt, {}), HasReason(reason::kModelLoading));
  EXPECT_THAT(fresh.LoraNames(), HasReason(reason::kModelLoading));
}

TEST_F(JobIntakeTest, ReportsAllViolationsAtOnce) {
  JobRequest request = Request();
  request.generation.steps = 0;
  request.generation.memory.resident_blocks = 1'000'000;
  request.request_id = std::string(65, 'x');
  request.labels = {{"a b", ""}, {"long", std::string(256, 'x')}};
  const absl::Status status = Create(std::move(request)).status();
  EXPECT_THAT(ViolationsOf(status),
              testing::UnorderedElementsAre(
                  Field(&FieldViolation::field, "steps"), Field(&FieldViolation::field, "memory.resident_blocks"),
                  Field(&FieldViolation::field, "request_id"), Field(&FieldViolation::field, "labels")));
  EXPECT_THAT(refusals_.reasons, ElementsAre(reason::kInvalidRequest));
}

TEST_F(JobIntakeTest, RefusesLabelsThatAreTooLong) {
  JobRequest request = Request();
  request.labels = {{"long", std::string(256, 'x')}};
  EXPECT_THAT(ViolationsOf(Create(std::move(request)).status()),
              ElementsAre(Field(&FieldViolation::description, HasSubstr("the value of long has 256 bytes"))));
}

TEST_F(JobIntakeTest, RefusesTooManyLabels) {
  JobRequest request = Request();
  for (int i = 0; i <= kMaxLabels; ++i)
    request.labels[absl::StrCat("key", i)] = "value";
  EXPECT_THAT(ViolationsOf(Create(std::move(request)).status()),
              ElementsAre(Field(&FieldViolation::description, HasSubstr("33 given"))));
}

TEST_F(JobIntakeTest, RefusesWhatFitsNoMemoryMode) {
  SetReady(1);
  EXPECT_THAT(Create(Request()), HasReason(reason::kVramBudget));
}

TEST_F(JobIntakeTest, RefusesATimeoutThatCannotBeMet) {
  JobRequest request = Request();
  request.generation.execution_timeout = absl::Nanoseconds(1);
  EXPECT_THAT(Create(std::move(request)), HasReason(reason::kDeadlineUnreachable));
}

TEST_F(JobIntakeTest, RefusesWhenTheQueueIsFull) {
  for (int i = 0; i < 4; ++i)
    ASSERT_THAT(Create(Request()), IsOk());
  EXPECT_THAT(Create(Request()), HasReason(reason::kQueueFull));
}

TEST_F(JobIntakeTest, StopsWithItsCaller) {
  CancellationSource caller;
  caller.Cancel(absl::CancelledError("gone"));
  EXPECT_THAT(intake_.Create(Request(), caller.token()), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(intake_.EstimateFor(Request(), std::nullopt, caller.token()), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(JobIntakeTest, TakesPicturesThatWereUploaded) {
  ASSERT_OK_AND_ASSIGN(const KeptImage kept, intake_.KeepImage({}, "image 64x64", {}));
  EXPECT_EQ(kept.size.width, 64);
  JobRequest request = Request();
  request.generation.start_images = {{.data = "", .upload = absl::StrCat("images/", kept.sha256)}};
  ASSERT_OK_AND_ASSIGN(const CreatedJob created, Create(std::move(request)));
  EXPECT_EQ(created.record.spec.start_pictures[0].source_sha256, kept.sha256);
}

TEST_F(JobIntakeTest, NamesWhoCalledOnTheTicket) {
  JobRequest request = Request();
  request.caller = {.principal = "ana", .tenant = "film", .call_id = "call", .traceparent = "trace"};
  ASSERT_OK_AND_ASSIGN(const CreatedJob created, Create(std::move(request)));
  EXPECT_EQ(created.record.ticket.principal, "ana");
  EXPECT_EQ(created.record.ticket.tenant, "film");
  EXPECT_EQ(created.record.ticket.call_id, "call");
  EXPECT_EQ(created.record.ticket.traceparent, "trace");
}

TEST_F(JobIntakeTest, TheSameRequestOfAnotherTenantMakesAnotherJob) {
  ASSERT_OK_AND_ASSIGN(const CreatedJob first, Create(Known("a")));
  JobRequest theirs = Known("b");
  theirs.caller.tenant = "film";
  ASSERT_OK_AND_ASSIGN(const CreatedJob second, Create(theirs));
  EXPECT_TRUE(second.is_new);
  ASSERT_OK_AND_ASSIGN(const CreatedJob again, Create(theirs));
  EXPECT_EQ(again.record.ticket.id, second.record.ticket.id);
}

TEST_F(JobIntakeTest, ARequestIdThatSpellsAnotherTenantsKeyFindsNothing) {
  JobRequest theirs = Known("a");
  theirs.caller.tenant = "film";
  ASSERT_THAT(Create(theirs), IsOk());
  JobRequest request = Known("a");
  request.request_id = "film\n" + theirs.request_id;
  EXPECT_THAT(ViolationsOf(Create(std::move(request)).status()),
              ElementsAre(Field(&FieldViolation::field, "request_id")));
}

TEST_F(JobIntakeTest, NothingIsReusedAcrossTenants) {
  JobRequest request = Request();
  request.prefers_reuse = true;
  ASSERT_OK_AND_ASSIGN(const CreatedJob first, Create(request));
  request.caller.tenant = "film";
  ASSERT_OK_AND_ASSIGN(const CreatedJob second, Create(request));
  ASSERT_OK_AND_ASSIGN(const CreatedJob third, Create(request));
  EXPECT_NE(first.record.ticket.reuse_key, second.record.ticket.reuse_key);
  EXPECT_EQ(second.record.ticket.reuse_key, third.record.ticket.reuse_key);
}

TEST_F(JobIntakeTest, AnUploadIsThereForThoseWhoSentIt) {
  const CallContext film = {.tenant = "film"};
  ASSERT_OK_AND_ASSIGN(const KeptImage kept, intake_.KeepImage(film, "image 64x64", {}));
  JobRequest request = Request();
  request.generation.start_images = {{.data = "", .upload = absl::StrCat("images/", kept.sha256)}};
  JobRequest theirs = request;
  theirs.caller = film;
  EXPECT_THAT(Create(theirs), IsOk());
  const absl::Status refused = Create(request).status();
  EXPECT_THAT(ViolationsOf(refused), ElementsAre(Field(&FieldViolation::field, "start_images[0]")));
  JobRequest unknown = Request();
  unknown.generation.start_images = {{.data = "", .upload = "images/" + std::string(64, 'a')}};
  EXPECT_EQ(refused, Create(std::move(unknown)).status());
  ASSERT_THAT(intake_.KeepImage({}, "image 64x64", {}), IsOk());  // the same bytes
  EXPECT_THAT(Create(request), IsOk());
}

TEST_F(JobIntakeTest, AReceiptCannotBeUploaded) {
  const std::string sha256(64, 'a');
  EXPECT_NE(UploadReceipt("t", sha256).size() % 3, 0u);
  EXPECT_NE(UploadReceipt("te", sha256).size() % 3, 0u);
  EXPECT_NE(UploadReceipt("ten", sha256).size() % 3, 0u);
  EXPECT_THAT(intake_.KeepImage({}, UploadReceipt("t", sha256), {}), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(JobIntakeTest, RefusesUploadsThatAreNotThere) {
  for (const std::string& name : {"images/" + std::string(64, 'a'), std::string("images/../x"), std::string("x")}) {
    JobRequest request = Request();
    request.generation.start_images = {{.data = "", .upload = name}};
    EXPECT_THAT(ViolationsOf(Create(std::move(request)).status()),
                ElementsAre(Field(&FieldViolation::field, "start_images[0]")));
  }
}

TEST_F(JobIntakeTest, KeepsNoPictureThatIsNone) {
  const absl::Status junk = intake_.KeepImage({}, "junk", {}).status();
  EXPECT_THAT(junk, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(junk, HasReason(reason::kInvalidRequest));
  EXPECT_THAT(ViolationsOf(junk), ElementsAre(Field(&FieldViolation::field, "data")));
  EXPECT_THAT(intake_.KeepImage({}, "huge", {}), HasReason(reason::kImageTooLarge));
}

TEST_F(JobIntakeTest, ChecksWithoutAJob) {
  ASSERT_OK_AND_ASSIGN(const PlannedVideo planned, intake_.Check(Request(), {}));
  EXPECT_TRUE(planned.admission.chosen.has_value());
  EXPECT_EQ(jobs_.Counts()->waiting, 0);
  JobRequest wrong = Request();
  wrong.generation.steps = 0;
  EXPECT_THAT(intake_.Check(std::move(wrong), {}), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(JobIntakeTest, FindsTheSameFaultsInTheSameOrderWhoeverAsks) {
  JobRequest wrong = Request();
  wrong.generation.unreadable = {{"camera", "is unknown"}};
  wrong.request_id = "\n";
  wrong.labels = {{"", ""}};
  wrong.generation.start_images = {{.data = "", .upload = "images/none"}};
  wrong.generation.steps = 0;
  const auto fields_of = [](const absl::Status& status) {
    std::vector<std::string> fields;
    for (const FieldViolation& violation : ViolationsOf(status))
      fields.push_back(violation.field);
    return fields;
  };
  const std::vector<std::string> created = fields_of(intake_.Create(wrong, {}).status());
  EXPECT_THAT(created, ElementsAre("camera", "request_id", "labels", "start_images[0]", "steps"));
  EXPECT_EQ(fields_of(intake_.Check(wrong, {}).status()), created);
  EXPECT_EQ(fields_of(intake_.EstimateFor(wrong, std::nullopt, {}).status()), created);
}

TEST_F(JobIntakeTest, EstimatesTheWait) {
  ASSERT_OK_AND_ASSIGN(const JobEstimate idle, intake_.EstimateFor(Request(), std::nullopt, {}));
  EXPECT_EQ(idle.queue_wait, absl::ZeroDuration());
  ASSERT_THAT(Create(Request()), IsOk());
  ASSERT_OK_AND_ASSIGN(const JobEstimate busy, intake_.EstimateFor(Request(), std::nullopt, {}));
  EXPECT_GT(busy.queue_wait, absl::ZeroDuration());
}

class ReuseTest : public JobIntakeTest {
 protected:
  static JobRequest Reusing(uint64_t seed = 3) {
    JobRequest request = Request();
    request.generation.seed = seed;
    request.prefers_reuse = true;
    return request;
  }

  // Makes the next job that waits, with bytes, in that arithmetic.
  std::string Make(const std::string& arithmetic = "Float") {
    const Lease lease = **jobs_.Claim("worker", absl::Minutes(1));
    const std::unique_ptr<ResultWriter> writer = *artifacts_->OpenResult(lease.job_id, lease.token);
    const uint8_t bytes[] = {1, 2, 3};
    EXPECT_THAT(writer->Write(bytes), IsOk());
    JobCompleted completed;
    completed.result.file = *writer->Seal();
    completed.result.provenance = {
        .model = {}, .model_sha256 = "model", .loras = {}, .build = "1", .arithmetic = arithmetic, .sampler = {}};
    EXPECT_THAT(jobs_.Finish(lease, completed), IsOk());
    return lease.job_id;
  }
};

TEST_F(ReuseTest, TakesTheBytesOfAnEqualVideo) {
  ASSERT_THAT(Create(Reusing()), IsOk());
  const std::string first = Make();
  ASSERT_OK_AND_ASSIGN(const CreatedJob again, Create(Reusing()));
  EXPECT_EQ(again.record.state, JobState::kSucceeded);
  EXPECT_EQ(again.record.result->reused_from, first);
  EXPECT_EQ(artifacts_->ReadResult(again.record.ticket.id, 0, 10)->data, std::string("\1\2\3"));
}

TEST_F(ReuseTest, MakesAnotherVideoAnew) {
  ASSERT_THAT(Create(Reusing(3)), IsOk());
  Make();
  ASSERT_OK_AND_ASSIGN(const CreatedJob other, Create(Reusing(4)));
  EXPECT_EQ(other.record.state, JobState::kQueued);
}

TEST_F(ReuseTest, MakesItAnewInAnotherArithmetic) {
  ASSERT_THAT(Create(Reusing()), IsOk());
  Make();
  SetReady(int64_t{1} << 50, "BFloat16");
  ASSERT_OK_AND_ASSIGN(const CreatedJob again, Create(Reusing()));
  EXPECT_EQ(again.record.state, JobState::kQueued);
}

// The job waited while the server was started with another --dtype.
TEST_F(ReuseTest, MakesItAnewWhereTheVideoWasMadeInAnotherArithmetic) {
  ASSERT_THAT(Create(Reusing()), IsOk());
  Make("BFloat16");
  ASSERT_OK_AND_ASSIGN(const CreatedJob again, Create(Reusing()));
  EXPECT_EQ(again.record.state, JobState::kQueued);
}

TEST_F(ReuseTest, MakesItAnewWhenTheBytesAreGone) {
  ASSERT_THAT(Create(Reusing()), IsOk());
  ASSERT_THAT(artifacts_->DeleteResult(Make()), IsOk());
  ASSERT_OK_AND_ASSIGN(const CreatedJob again, Create(Reusing()));
  EXPECT_EQ(again.record.state, JobState::kQueued);
}

TEST_F(ReuseTest, MakesItAnewUnlessAskedTo) {
  ASSERT_THAT(Create(Reusing()), IsOk());
  Make();
  JobRequest request = Reusing();
  request.prefers_reuse = false;
  ASSERT_OK_AND_ASSIGN(const CreatedJob again, Create(std::move(request)));
  EXPECT_EQ(again.record.state, JobState::kQueued);
}

}  // namespace
}  // namespace ruyi
