#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/core/store/job_store_conformance.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_P(JobStoreConformance, ANewJobWaitsWithTwoEntriesInItsLog) {
  NewJob job = TestRequest("a", "request");
  job.ticket.labels = {{"shop", "7"}};
  ASSERT_OK_AND_ASSIGN(const CreatedJob created, store().Create(job));
  EXPECT_TRUE(created.is_new);
  EXPECT_EQ(created.record.state, JobState::kQueued);
  const JobRecord record = Get("a");
  EXPECT_EQ(record.state, JobState::kQueued);
  EXPECT_EQ(record.ticket.request_id, "request");
  EXPECT_EQ(record.ticket.labels, job.ticket.labels);
  EXPECT_EQ(record.spec.size, job.spec.size);
  EXPECT_EQ(record.placement.reason, "advice");
  EXPECT_EQ(record.create_time, clock_.Now());
  EXPECT_EQ(record.attempts, 0);
  EXPECT_EQ(record.last_seq, 2);
  EXPECT_FALSE(record.start_time.has_value());
  EXPECT_FALSE(record.end_time.has_value());
  const std::vector<LoggedEvent> log = Log("a");
  ASSERT_EQ(log.size(), 2u);
  ASSERT_TRUE(Is<JobAccepted>(log[0]));
  EXPECT_EQ(std::get<JobAccepted>(log[0].event).placement.reason, "advice");
  EXPECT_TRUE(Is<JobQueued>(log[1]));
  EXPECT_EQ(log[0].seq, 1);
  EXPECT_EQ(log[1].seq, 2);
  EXPECT_EQ(log[1].time, clock_.Now());
}

TEST_P(JobStoreConformance, TheQueuedEventCountsTheJobsBeforeAndTheirWork) {
  CreateAndClaim("running");
  Create("waiting");
  Create(TestNewJob("low", Priority::kLow));
  Create("last");
  const auto queued = std::get<JobQueued>(Log("last").at(1).event);
  EXPECT_EQ(queued.position, 2);
  EXPECT_EQ(queued.expected_wait, absl::Seconds(4));
}

TEST_P(JobStoreConformance, TheFirstJobWaitsForNothing) {
  Create("a");
  const auto queued = std::get<JobQueued>(Log("a").at(1).event);
  EXPECT_EQ(queued.position, 0);
  EXPECT_EQ(queued.expected_wait, absl::ZeroDuration());
}

TEST_P(JobStoreConformance, WorkThatNobodyPredictedGivesNoWait) {
  NewJob job = TestNewJob("a");
  job.advice = {};
  Create(job);
  Create("b");
  const auto queued = std::get<JobQueued>(Log("b").at(1).event);
  EXPECT_EQ(queued.position, 1);
  EXPECT_EQ(queued.expected_wait, std::nullopt);
}

TEST_P(JobStoreConformance, TheSameRequestGivesTheSameJob) {
  Create(TestRequest("a", "request"));
  ASSERT_OK_AND_ASSIGN(const CreatedJob again, store().Create(TestRequest("b", "request")));
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.record.ticket.id, "a");
  EXPECT_THAT(store().Get("b"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(Log("a").size(), 2u);
}

TEST_P(JobStoreConformance, TheSameRequestGivesTheJobAlsoAfterItsEnd) {
  Create(TestRequest("a", "request"));
  ASSERT_THAT(store().Finish(Claim(), JobFailed{absl::InternalError("broken")}), IsOk());
  ASSERT_OK_AND_ASSIGN(const CreatedJob again, store().Create(TestRequest("b", "request")));
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.record.state, JobState::kFailed);
  EXPECT_EQ(again.record.error, absl::InternalError("broken"));
}

TEST_P(JobStoreConformance, ADetachedJobGoesOnWithoutItsCall) {
  NewJob job = TestNewJob("a");
  job.ticket.cancel_on_disconnect = true;
  Create(job);
  const Lease lease = Claim();
  ASSERT_THAT(store().Detach("a"), IsOk());
  EXPECT_FALSE(store().Get("a")->ticket.cancel_on_disconnect);
  EXPECT_EQ(store().Get("a")->state, JobState::kRunning);
  EXPECT_THAT(store().Renew(lease, absl::Minutes(1)), IsOk());
  EXPECT_THAT(store().Detach("none"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(JobStoreConformance, AJobGoesWithItsCallUnlessItWasDetached) {
  const absl::Status gone = absl::CancelledError("the caller has gone");
  for (const char* id : {"a", "b"}) {
    NewJob job = TestNewJob(id);
    job.ticket.cancel_on_disconnect = true;
    Create(job);
  }
  ASSERT_THAT(store().Detach("b"), IsOk());
  Create("c");
  for (const char* id : {"a", "b", "c"})
    EXPECT_THAT(store().CancelUnlessDetached(id, gone), IsOk());
  EXPECT_EQ(Get("a").error, gone);
  EXPECT_EQ(Get("b").state, JobState::kQueued);
  EXPECT_EQ(Get("c").state, JobState::kQueued);
  EXPECT_THAT(store().CancelUnlessDetached("none", gone), StatusIs(absl::StatusCode::kNotFound));
}

// Whoever comes first, a job that was there once Detach had returned goes on.
TEST_P(JobStoreConformance, NothingEndsAJobThatDetachHasLetGoOn) {
  constexpr int kRounds = 30;
  for (int round = 0; round < kRounds; ++round) {
    const std::string id = absl::StrCat("job-", round);
    NewJob job = TestNewJob(id);
    job.ticket.cancel_on_disconnect = true;
    Create(job);
    std::thread caller([&] { store().CancelUnlessDetached(id, absl::CancelledError("gone")).IgnoreError(); });
    EXPECT_THAT(store().Detach(id), IsOk());
    const JobState detached = Get(id).state;
    caller.join();
    ASSERT_EQ(Get(id).state, detached);
  }
}

TEST_P(JobStoreConformance, ADeletedJobsRequestMakesANewOne) {
  Create(TestRequest("a", "request"));
  ASSERT_THAT(store().Cancel("a", absl::CancelledError("no")), IsOk());
  ASSERT_THAT(store().Delete("a"), IsOk());
  ASSERT_OK_AND_ASSIGN(const CreatedJob again, store().Create(TestRequest("b", "request")));
  EXPECT_TRUE(again.is_new);
}

TEST_P(JobStoreConformance, ARequestIdWithAnotherDigestIsRefused) {
  Create(TestRequest("a", "request", "one"));
  const absl::Status status = store().Create(TestRequest("b", "request", "two")).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("request_id 'request'")));
  EXPECT_THAT(status, HasReason("REQUEST_ID_REUSED"));
  EXPECT_EQ(GetErrorInfo(status).metadata.at("video"), "a");
  EXPECT_EQ(store().Counts()->waiting, 1);
}

TEST_P(JobStoreConformance, JobsWithoutRequestIdAreJobsOfTheirOwn) {
  Create("a");
  Create("b");
  EXPECT_EQ(store().Counts()->waiting, 2);
}

TEST_P(JobStoreConformance, AnIdIsGivenOnce) {
  Create("a");
  EXPECT_THAT(store().Create(TestNewJob("a")), StatusIs(absl::StatusCode::kInternal, HasSubstr("'a'")));
  EXPECT_EQ(store().Counts()->waiting, 1);
}

TEST_P(JobStoreConformance, OneRequestFromManyThreadsMakesOneJob) {
  std::vector<std::string> ids(8);
  std::vector<int> made(8);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const auto created = store().Create(TestRequest(absl::StrCat(i), "request"));
      ids[i] = created.ok() ? created->record.ticket.id : created.status().ToString();
      made[i] = created.ok() && created->is_new ? 1 : 0;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 1u);
  EXPECT_EQ(std::count(made.begin(), made.end(), 1), 1);
  EXPECT_EQ(store().Counts()->waiting, 1);
}

TEST_P(JobStoreConformance, TheSameRequestGivesTheJobAlsoAfterReopening) {
  if (!place_->IsLasting())
    GTEST_SKIP() << "what it holds ends with it";
  Create(TestRequest("a", "request", "one"));
  Reopen();
  ASSERT_OK_AND_ASSIGN(const CreatedJob again, store().Create(TestRequest("b", "request", "one")));
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.record.ticket.id, "a");
  EXPECT_THAT(store().Create(TestRequest("c", "request", "two")), HasReason("REQUEST_ID_REUSED"));
}

TEST_P(JobStoreConformance, AFullQueueRefusesNewJobsButKnowsOldOnes) {
  options_.queue_capacity = 2;
  Reopen();
  Create(TestRequest("a", "request"));
  Create("b");
  const absl::Status status = store().Create(TestNewJob("c")).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("2 jobs wait")));
  EXPECT_THAT(status, HasReason("QUEUE_FULL"));
  EXPECT_EQ(GetErrorInfo(status).metadata.at("queue_capacity"), "2");
  EXPECT_TRUE(GetErrorInfo(status).retry_delay.has_value());
  EXPECT_THAT(store().Create(TestRequest("d", "request")), IsOk());
}

TEST_P(JobStoreConformance, OnlyJobsThatWaitCountAgainstTheCapacity) {
  options_.queue_capacity = 1;
  Reopen();
  const Lease lease = CreateAndClaim("a");
  Create("b");
  EXPECT_THAT(store().Create(TestNewJob("c")), HasReason("QUEUE_FULL"));
  EXPECT_THAT(store().HandBack(lease), IsOk());
  EXPECT_EQ(store().Counts()->waiting, 2);
}

TEST_P(JobStoreConformance, CountsSumTheWorkOfAllThatHaveNotEnded) {
  EXPECT_EQ(store().Counts()->waiting, 0);
  CreateAndClaim("a");
  Create("b");
  Create("c");
  ASSERT_THAT(store().Cancel("a", absl::CancelledError("no")), IsOk());
  ASSERT_OK_AND_ASSIGN(const JobCounts counts, store().Counts());
  EXPECT_EQ(counts.waiting, 2);
  EXPECT_EQ(counts.running, 1);
  EXPECT_EQ(counts.predicted_seconds, 6);
}

TEST_P(JobStoreConformance, CountsFollowThePlacementOfTheWorker) {
  const Lease lease = CreateAndClaim("a");
  JobStarted started = {.worker = "w", .attempt = 1};
  started.placement.prediction.Of(Stage::kDecode).seconds = 5.5;
  ASSERT_THAT(store().Append(lease, started), IsOk());
  EXPECT_EQ(store().Counts()->predicted_seconds, 5.5);
  ASSERT_THAT(store().Finish(lease, TestCompleted()), IsOk());
  EXPECT_EQ(store().Counts()->predicted_seconds, 0);
  EXPECT_EQ(store().Counts()->running, 0);
}

TEST_P(JobStoreConformance, JobsAreClaimedInTheirOrder) {
  for (const char* id : {"a", "b", "c"})
    Create(id);
  EXPECT_THAT(*store().QueueOrder(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(ClaimAll(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(*store().QueueOrder(), ElementsAre());
}

TEST_P(JobStoreConformance, AHigherPriorityGoesBeforeALower) {
  Create(TestNewJob("low", Priority::kLow));
  Create(TestNewJob("normal", Priority::kNormal));
  Create(TestNewJob("high", Priority::kHigh));
  const std::vector<std::string> order = *store().QueueOrder();
  EXPECT_THAT(order, ElementsAre("high", "normal", "low"));
  EXPECT_EQ(ClaimAll(), order);
}

TEST_P(JobStoreConformance, AHigherPriorityGoesBeforeNotMoreJobsThanItsHeadStart) {
  for (int i = 0; i < JobStore::kHeadStart + 5; ++i)
    Create(absl::StrCat("normal ", i));
  Create(TestNewJob("high", Priority::kHigh));
  const std::vector<std::string> order = *store().QueueOrder();
  const auto place = std::find(order.begin(), order.end(), "high");
  const auto passed = order.end() - place - 1;
  EXPECT_GT(passed, 0);
  EXPECT_LE(passed, JobStore::kHeadStart);
  EXPECT_EQ(std::get<JobQueued>(Log("high").at(1).event).position, place - order.begin());
  EXPECT_EQ(ClaimAll(), order);
}

TEST_P(JobStoreConformance, ALowPriorityDoesNotWaitForEver) {
  Create(TestNewJob("low", Priority::kLow));
  for (int i = 0; i < 2 * JobStore::kHeadStart; ++i)
    Create(absl::StrCat("normal ", i));
  const std::vector<std::string> order = *store().QueueOrder();
  EXPECT_LE(std::find(order.begin(), order.end(), "low") - order.begin(), JobStore::kHeadStart);
  EXPECT_EQ(ClaimAll(), order);
}

}  // namespace
}  // namespace ruyi
