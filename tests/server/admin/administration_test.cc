#include "server/admin/administration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/artifact/files/file_artifact_store.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/fake_lora_catalog.h"
#include "tests/support/flaky_job_store.h"
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
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr absl::Duration kUsualDrain = absl::Seconds(30);

class AdministrationTest : public testing::Test {
 protected:
  AdministrationTest()
      : artifacts_(*FileArtifactStore::Open(folder_.path().string(), {}, clock_)),
        intake_({.limits = {}, .build = "1.2.3", .decoder = &decoder_, .jobs = &jobs_, .artifacts = artifacts_.get()}),
        administration_({.build = "1.2.3",
                         .model = "tiny",
                         .queue_capacity = 4,
                         .drain_timeout = kUsualDrain,
                         .jobs = &jobs_,
                         .artifacts = artifacts_.get(),
                         .intake = &intake_,
                         .clock = &clock_,
                         .state = [this] { return state_; },
                         .workers = [this] { return workers_; },
                         .set_budget = [this](const std::string& worker,
                                              std::optional<int64_t> bytes) { return SetBudget(worker, bytes); },
                         .drain = [this](absl::Duration patience) { drains_.push_back(patience); },
                         .on_change = [this](const AdminChange& change) { changes_.push_back(change); }}) {
    intake_.SetReady({.costs = TestCosts(),
                      .available = [] { return MemoryBudget(); },
                      .loras = std::make_shared<FakeLoraCatalog>(std::vector<std::string>{"film"})});
  }

  absl::Status SetBudget(const std::string& name, std::optional<int64_t> bytes) {
    for (WorkerStatus& worker : workers_) {
      if (worker.name == name)
        worker.budget_bytes = bytes;
    }
    return absl::OkStatus();
  }

  std::string CreateJob(const std::string& tenant = kDefaultTenant) {
    const std::string id = "job-" + std::to_string(++created_);
    EXPECT_THAT(
        jobs_.Create({.ticket = {.id = id, .tenant = tenant}, .spec = TestSpec(), .advice = {}, .completed = {}}),
        IsOk());
    return id;
  }

  // Gives the next job to the first worker.
  std::string StartJob() {
    const absl::StatusOr<std::optional<Lease>> lease = jobs_.Claim("worker-0", absl::Minutes(1));
    EXPECT_TRUE(lease.ok() && lease->has_value());
    workers_[0].job_id = (*lease)->job_id;
    return (*lease)->job_id;
  }

  static std::vector<FieldViolation> ViolationsOf(const absl::Status& status) {
    return GetErrorInfo(status).field_violations;
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  FakeImageDecoder decoder_;
  FlakyJobStore jobs_{{.queue_capacity = 60}, clock_};
  std::unique_ptr<FileArtifactStore> artifacts_;
  JobIntake intake_;
  ServerState state_ = ServerState::kServing;
  std::vector<WorkerStatus> workers_ = {{.name = "worker-0", .device = "cuda:0"},
                                        {.name = "worker-1", .device = "cuda:1"}};
  std::vector<absl::Duration> drains_;
  std::vector<AdminChange> changes_;
  int created_ = 0;
  Administration administration_;
  const AdminCaller caller_ = {.principal = "ana", .tenant = "ops", .peer = "192.0.2.1", .call_id = "c1"};
};

TEST_F(AdministrationTest, LooksAtTheQueueOnceForAStatus) {
  CreateJob("film");
  CreateJob("press");
  int before = jobs_.looks();
  EXPECT_EQ(administration_.Status().tenants.tenants.size(), 2u);
  EXPECT_EQ(jobs_.looks(), before + 1);
  before = jobs_.looks();
  const ServerStatus without = administration_.Status(/*most_tenants=*/0);
  EXPECT_EQ(without.queue->waiting, 2);
  EXPECT_THAT(without.tenants.tenants, IsEmpty());
  EXPECT_EQ(jobs_.looks(), before + 1);
}

TEST_F(AdministrationTest, ShowsTheServer) {
  CreateJob();
  CreateJob();
  const std::string made = StartJob();
  ASSERT_THAT(artifacts_->PutBlob("four"), IsOk());
  clock_.Advance(absl::Seconds(90));
  const ServerStatus status = administration_.Status();
  EXPECT_EQ(status.build, "1.2.3");
  EXPECT_EQ(status.model, "tiny");
  EXPECT_EQ(status.state, ServerState::kServing);
  EXPECT_EQ(status.uptime, absl::Seconds(90));
  ASSERT_EQ(status.workers.size(), 2u);
  EXPECT_EQ(status.workers[0].job.value_or(JobRecord()).ticket.id, made);
  EXPECT_EQ(status.workers[1].job, std::nullopt);
  ASSERT_TRUE(status.queue.has_value());
  EXPECT_EQ(status.queue->waiting, 1);
  EXPECT_EQ(status.queue->running, 1);
  EXPECT_EQ(status.queue_capacity, 4);
  EXPECT_THAT(status.job_store, IsOk());
  EXPECT_THAT(status.artifact_store, IsOk());
  EXPECT_EQ(status.artifact_bytes, 4);
  EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(AdministrationTest, ShowsTheServerWhileTheStoreIsAway) {
  CreateJob();
  StartJob();
  jobs_.SetAway(true);
  const ServerStatus status = administration_.Status();
  EXPECT_EQ(status.queue, std::nullopt);
  EXPECT_THAT(status.job_store, HasReason(reason::kStoreUnavailable));
  EXPECT_EQ(status.workers[0].worker.job_id, "job-1");
  EXPECT_EQ(status.workers[0].job, std::nullopt);
}

TEST_F(AdministrationTest, ShowsTheTenantsThatHaveJobs) {
  CreateJob("film");
  CreateJob("press");
  const ServerStatus status = administration_.Status();
  ASSERT_EQ(status.tenants.tenants.size(), 2u);
  EXPECT_EQ(status.tenants.tenants[0].tenant, "film");
  EXPECT_EQ(status.tenants.tenants[0].waiting, 1);
  EXPECT_EQ(status.tenants.left_out, 0);
  jobs_.SetAway(true);
  EXPECT_THAT(administration_.Status().tenants.tenants, IsEmpty());
}

TEST_F(AdministrationTest, ShowsNoMoreThanFiftyTenants) {
  for (int i = 0; i < 51; ++i)
    CreateJob("tenant-" + std::to_string(i));
  const ServerStatus status = administration_.Status();
  EXPECT_EQ(status.tenants.tenants.size(), 50u);
  EXPECT_EQ(status.tenants.left_out, 1);
}

TEST_F(AdministrationTest, DrainsWithTheUsualPatienceOrAnother) {
  CreateJob();
  CreateJob();
  const std::string made = StartJob();
  ASSERT_OK_AND_ASSIGN(const DrainReport usual, administration_.Drain(caller_, std::nullopt));
  EXPECT_EQ(usual.timeout, kUsualDrain);
  ASSERT_EQ(usual.working.size(), 1u);
  EXPECT_EQ(usual.working[0].worker.job_id, made);
  EXPECT_EQ(usual.waiting, 1);
  ASSERT_OK_AND_ASSIGN(const DrainReport short_one, administration_.Drain(caller_, absl::ZeroDuration()));
  EXPECT_EQ(short_one.timeout, absl::ZeroDuration());
  EXPECT_THAT(drains_, ElementsAre(kUsualDrain, absl::ZeroDuration()));
  EXPECT_THAT(changes_[0].details, ElementsAre(Pair("timeout", "30s")));
}

TEST_F(AdministrationTest, DrainsWhileTheStoreIsAway) {
  jobs_.SetAway(true);
  ASSERT_OK_AND_ASSIGN(const DrainReport report, administration_.Drain(caller_, std::nullopt));
  EXPECT_EQ(report.waiting, std::nullopt);
  EXPECT_EQ(drains_.size(), 1u);
}

TEST_F(AdministrationTest, RefusesADrainThatCannotBe) {
  for (const absl::Duration timeout : {absl::Seconds(-1), kLongestDrain + absl::Seconds(1), absl::InfiniteDuration()}) {
    EXPECT_THAT(ViolationsOf(administration_.Drain(caller_, timeout).status()),
                ElementsAre(Field(&FieldViolation::field, "timeout")));
  }
  state_ = ServerState::kLoading;
  EXPECT_THAT(administration_.Drain(caller_, std::nullopt), HasReason(reason::kModelLoading));
  EXPECT_THAT(drains_, IsEmpty());
  EXPECT_EQ(changes_.size(), 4u);
}

TEST_F(AdministrationTest, PausesAndResumesTheQueue) {
  CreateJob();
  ASSERT_OK_AND_ASSIGN(const JobCounts paused, administration_.SetPaused(caller_, true));
  EXPECT_TRUE(paused.paused);
  EXPECT_EQ(paused.waiting, 1);
  ASSERT_OK_AND_ASSIGN(const JobCounts resumed, administration_.SetPaused(caller_, false));
  EXPECT_FALSE(resumed.paused);
  jobs_.SetAway(true);
  EXPECT_THAT(administration_.SetPaused(caller_, true), HasReason(reason::kStoreUnavailable));
  EXPECT_THAT(changes_,
              ElementsAre(Field(&AdminChange::action, "pause_queue"), Field(&AdminChange::action, "resume_queue"),
                          Field(&AdminChange::result, HasReason(reason::kStoreUnavailable))));
}

TEST_F(AdministrationTest, GivesDevicesABudget) {
  ASSERT_OK_AND_ASSIGN(std::vector<WorkerStatus> workers, administration_.SetVramBudget(caller_, "cuda:1", 4000));
  ASSERT_EQ(workers.size(), 1u);
  EXPECT_EQ(workers[0].name, "worker-1");
  EXPECT_EQ(workers[0].budget_bytes, 4000 * kTestMib);
  EXPECT_EQ(workers_[0].budget_bytes, std::nullopt);
  ASSERT_OK_AND_ASSIGN(workers, administration_.SetVramBudget(caller_, "", 5000));
  EXPECT_EQ(workers.size(), 2u);
  EXPECT_EQ(workers_[0].budget_bytes, 5000 * kTestMib);
  ASSERT_OK_AND_ASSIGN(workers, administration_.SetVramBudget(caller_, "", std::nullopt));
  EXPECT_EQ(workers_[1].budget_bytes, std::nullopt);
  EXPECT_THAT(changes_[0].details, UnorderedElementsAre(Pair("device", "cuda:1"), Pair("mib", "4000")));
  EXPECT_THAT(changes_[2].details, UnorderedElementsAre(Pair("device", "all"), Pair("mib", "free")));
}

TEST_F(AdministrationTest, RefusesBudgetsThatCannotBe) {
  for (const int64_t mib : {int64_t{0}, kMostBudgetMib + 1}) {
    EXPECT_THAT(ViolationsOf(administration_.SetVramBudget(caller_, "", mib).status()),
                ElementsAre(Field(&FieldViolation::field, "mib")));
  }
  EXPECT_THAT(administration_.SetVramBudget(caller_, "cuda:7", 4000),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("cuda:0, cuda:1")));
  EXPECT_THAT(administration_.SetVramBudget(caller_, "", 100), HasReason(reason::kVramBudget));
  EXPECT_EQ(workers_[0].budget_bytes, std::nullopt);
  intake_.Refuse(ErrorWithReason(absl::StatusCode::kUnavailable, "draining", reason::kDraining));
  EXPECT_THAT(administration_.SetVramBudget(caller_, "", 4000), HasReason(reason::kDraining));
}

TEST_F(AdministrationTest, ChangesThePriorityOfAJobThatWaits) {
  const std::string id = CreateJob("film");
  ASSERT_OK_AND_ASSIGN(const JobRecord job, administration_.SetPriority(caller_, id, Priority::kHigh));
  EXPECT_EQ(job.ticket.priority, Priority::kHigh);
  EXPECT_THAT(changes_[0].details, UnorderedElementsAre(Pair("job", id), Pair("priority", "high")));
  StartJob();
  EXPECT_THAT(administration_.SetPriority(caller_, id, Priority::kLow), HasReason(reason::kVideoEnded));
  EXPECT_THAT(administration_.SetPriority(caller_, "none", Priority::kNormal), HasReason(reason::kNotFound));
}

TEST_F(AdministrationTest, ListsTheJobsOfAllTenants) {
  CreateJob("film");
  CreateJob("press");
  ASSERT_OK_AND_ASSIGN(const JobPage all, administration_.ListJobs({}, 10, ""));
  EXPECT_EQ(all.jobs.size(), 2u);
  ASSERT_OK_AND_ASSIGN(const JobPage of_film, administration_.ListJobs({.tenant = "film"}, 10, ""));
  ASSERT_EQ(of_film.jobs.size(), 1u);
  EXPECT_EQ(of_film.jobs[0].ticket.tenant, "film");
  EXPECT_THAT(administration_.ListJobs({}, 10, "?"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(AdministrationTest, CancelsAnyTenantsJobWithAReason) {
  const std::string id = CreateJob("film");
  ASSERT_OK_AND_ASSIGN(const JobRecord job, administration_.CancelJob(caller_, id, "the disk is full"));
  EXPECT_EQ(job.state, JobState::kCancelled);
  EXPECT_THAT(job.error, HasReason(reason::kCancelledByAdmin));
  EXPECT_THAT(std::string(job.error.message()), HasSubstr("the disk is full"));
  EXPECT_THAT(changes_[0].details, UnorderedElementsAre(Pair("job", id), Pair("reason", "the disk is full")));
}

TEST_F(AdministrationTest, CancelsNothingWithoutAReason) {
  const std::string id = CreateJob();
  for (const std::string& reason : {std::string(), std::string(kMostReasonBytes + 1, 'x')}) {
    EXPECT_THAT(ViolationsOf(administration_.CancelJob(caller_, id, reason).status()),
                ElementsAre(Field(&FieldViolation::field, "reason")));
  }
  EXPECT_THAT(administration_.CancelJob(caller_, "none", "why not"), HasReason(reason::kNotFound));
  EXPECT_EQ(jobs_.Get(id).value_or(JobRecord()).state, JobState::kQueued);
  EXPECT_EQ(changes_.size(), 3u);
}

TEST_F(AdministrationTest, LoadsAndUnloadsLoras) {
  ASSERT_THAT(administration_.UnloadLora(caller_, "film"), IsOk());
  EXPECT_TRUE(intake_.LoraNames().value_or(std::vector<std::string>{"?"}).empty());
  ASSERT_OK_AND_ASSIGN(const LoraFacts facts, administration_.LoadLora(caller_, "film"));
  EXPECT_EQ(facts.sha256, FakeLoraCatalog::Sha256Of("film"));
  EXPECT_THAT(administration_.LoadLora(caller_, "other"), HasReason(reason::kNotFound));
  EXPECT_THAT(administration_.UnloadLora(caller_, "other"), HasReason(reason::kNotFound));
  EXPECT_THAT(changes_,
              ElementsAre(Field(&AdminChange::action, "unload_lora"), Field(&AdminChange::action, "load_lora"),
                          Field(&AdminChange::action, "load_lora"), Field(&AdminChange::action, "unload_lora")));
}

TEST_F(AdministrationTest, TellsWhoChangedWhatFromWhere) {
  administration_.CancelJob(caller_, "none", "why not").IgnoreError();
  ASSERT_EQ(changes_.size(), 1u);
  EXPECT_EQ(changes_[0].by.principal, "ana");
  EXPECT_EQ(changes_[0].by.tenant, "ops");
  EXPECT_EQ(changes_[0].by.peer, "192.0.2.1");
  EXPECT_EQ(changes_[0].by.call_id, "c1");
  EXPECT_EQ(changes_[0].action, "cancel_job");
  EXPECT_THAT(changes_[0].result, HasReason(reason::kNotFound));
}

}  // namespace
}  // namespace ruyi
