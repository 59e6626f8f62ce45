#include <atomic>

#include "absl/strings/str_cat.h"
#include "tests/core/store/job_store_conformance.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::UnorderedElementsAre;

MATCHER(IsNotFound, "says that there is no such video") {
  return testing::ExplainMatchResult(testing::AllOf(StatusIs(absl::StatusCode::kNotFound), HasReason("NOT_FOUND")),
                                     StatusOf(arg), result_listener);
}

TEST_P(JobStoreConformance, WhatIsNotThereIsNotFound) {
  EXPECT_THAT(store().Get("a"), IsNotFound());
  EXPECT_THAT(store().Read("a", 0, 1), IsNotFound());
  EXPECT_THAT(store().Delete("a"), IsNotFound());
  EXPECT_THAT(store().Expire("a"), IsNotFound());
}

TEST_P(JobStoreConformance, TheLogIsReadFromAnyPlace) {
  const Lease lease = CreateAndClaim("a");
  for (int done = 0; done < 5; ++done)
    ASSERT_THAT(store().Append(lease, TestProgress(done)), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::vector<LoggedEvent> entries, store().Read("a", 3, 2));
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].seq, 4);
  EXPECT_EQ(entries[1].seq, 5);
  EXPECT_EQ(std::get<JobProgress>(entries[1].event).progress.done, 2);
  EXPECT_EQ(store().Read("a", 6, 100)->size(), 1u);
  EXPECT_EQ(store().Read("a", 7, 100)->size(), 0u);
  EXPECT_EQ(store().Read("a", 1000, 100)->size(), 0u);
  EXPECT_EQ(store().Read("a", 0, 0)->size(), 0u);
}

TEST_P(JobStoreConformance, JobsAreListedNewestFirst) {
  for (const char* id : {"a", "b", "c"})
    Create(id);
  EXPECT_THAT(ListIds({}), ElementsAre("c", "b", "a"));
}

TEST_P(JobStoreConformance, PagesFollowEachOtherWhateverHappensBetween) {
  for (int i = 0; i < 5; ++i)
    Create(absl::StrCat(i));
  ASSERT_OK_AND_ASSIGN(const JobPage first, store().List({}, 2, ""));
  ASSERT_EQ(first.jobs.size(), 2u);
  EXPECT_EQ(first.jobs[1].ticket.id, "3");
  Create("new");
  ASSERT_THAT(store().Cancel("3", absl::CancelledError("no")), IsOk());
  ASSERT_THAT(store().Delete("3"), IsOk());
  ASSERT_OK_AND_ASSIGN(const JobPage second, store().List({}, 2, first.next_page_token));
  ASSERT_EQ(second.jobs.size(), 2u);
  EXPECT_EQ(second.jobs[0].ticket.id, "2");
  ASSERT_OK_AND_ASSIGN(const JobPage third, store().List({}, 2, second.next_page_token));
  ASSERT_EQ(third.jobs.size(), 1u);
  EXPECT_EQ(third.jobs[0].ticket.id, "0");
  EXPECT_EQ(third.next_page_token, "");
}

TEST_P(JobStoreConformance, AFullLastPageSaysThatItIsTheLast) {
  Create("a");
  Create("b");
  EXPECT_EQ(store().List({}, 2, "")->next_page_token, "");
  EXPECT_NE(store().List({}, 1, "")->next_page_token, "");
}

TEST_P(JobStoreConformance, ATokenThatNoPageGaveIsRefused) {
  Create("a");
  Create("b");
  std::string token = store().List({}, 1, "")->next_page_token;
  ++token[0];
  for (const std::string& wrong :
       {std::string("x"), token, std::string("0000000000000001"), std::string(24, '0') + "x"})
    EXPECT_THAT(store().List({}, 1, wrong), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("page_token")));
}

TEST_P(JobStoreConformance, StatesAndLabelsFilterTheList) {
  for (int i = 0; i < 6; ++i) {
    NewJob job = TestNewJob(absl::StrCat(i));
    job.ticket.labels = {{"parity", i % 2 == 0 ? "even" : "odd"}, {"third", absl::StrCat(i % 3)}};
    Create(job);
  }
  ASSERT_THAT(store().Finish(Claim(), TestCompleted()), IsOk());
  Claim();
  EXPECT_THAT(ListIds({.labels = {{"parity", "even"}}}), ElementsAre("4", "2", "0"));
  EXPECT_THAT(ListIds({.labels = {{"parity", "even"}, {"third", "1"}}}), ElementsAre("4"));
  EXPECT_THAT(ListIds({.labels = {{"parity", "neither"}}}), ElementsAre());
  EXPECT_THAT(ListIds({.labels = {{"nothing", "even"}}}), ElementsAre());
  EXPECT_THAT(ListIds({.states = {JobState::kSucceeded}}), ElementsAre("0"));
  EXPECT_THAT(ListIds({.states = {JobState::kRunning, JobState::kSucceeded}}), ElementsAre("1", "0"));
  EXPECT_THAT(ListIds({.states = {JobState::kQueued}, .labels = {{"parity", "odd"}}}), ElementsAre("5", "3"));
  EXPECT_THAT(ListIds({.states = {JobState::kExpired}}), ElementsAre());
}

TEST_P(JobStoreConformance, PagesOfAFilterHoldWhatMatches) {
  for (int i = 0; i < 6; ++i) {
    NewJob job = TestNewJob(absl::StrCat(i));
    job.ticket.labels = {{"parity", i % 2 == 0 ? "even" : "odd"}};
    Create(job);
  }
  const JobFilter even = {.labels = {{"parity", "even"}}};
  ASSERT_OK_AND_ASSIGN(const JobPage first, store().List(even, 2, ""));
  ASSERT_OK_AND_ASSIGN(const JobPage second, store().List(even, 2, first.next_page_token));
  ASSERT_EQ(second.jobs.size(), 1u);
  EXPECT_EQ(second.jobs[0].ticket.id, "0");
}

TEST_P(JobStoreConformance, AVideoIsReusedWhileItsResultIsThere) {
  EXPECT_EQ(*store().FindReusable("same"), std::nullopt);
  for (const char* id : {"a", "b"}) {
    NewJob job = TestNewJob(id);
    job.ticket.reuse_key = "same";
    Create(job);
    EXPECT_EQ((*store().FindReusable("same")).has_value(), id == std::string("b"));
    ASSERT_THAT(store().Finish(Claim(), TestCompleted()), IsOk());
  }
  EXPECT_EQ((*store().FindReusable("same"))->ticket.id, "b");
  ASSERT_THAT(store().Expire("b"), IsOk());
  EXPECT_EQ((*store().FindReusable("same"))->ticket.id, "a");
  ASSERT_THAT(store().Delete("a"), IsOk());
  EXPECT_EQ(*store().FindReusable("same"), std::nullopt);
}

TEST_P(JobStoreConformance, NothingIsReusedWithoutAKeyOrOfAFailure) {
  NewJob job = TestNewJob("a");
  job.ticket.reuse_key = "";
  Create(job);
  ASSERT_THAT(store().Finish(Claim(), TestCompleted()), IsOk());
  CreateAndFinish("b", JobFailed{absl::InternalError("broken")});
  EXPECT_EQ(*store().FindReusable(""), std::nullopt);
  EXPECT_EQ(*store().FindReusable("key of b"), std::nullopt);
}

TEST_P(JobStoreConformance, OnlyWhatHasEndedIsDeleted) {
  Create("a");
  const auto is_active =
      testing::AllOf(StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cancel")), HasReason("VIDEO_ACTIVE"));
  EXPECT_THAT(store().Delete("a"), is_active);
  const Lease lease = Claim();
  EXPECT_THAT(store().Delete("a"), is_active);
  ASSERT_THAT(store().Cancel("a", absl::CancelledError("no")), IsOk());
  EXPECT_THAT(store().Delete("a"), is_active);
  ASSERT_THAT(store().HandBack(lease), IsOk());
  EXPECT_THAT(store().Delete("a"), IsOk());
  EXPECT_THAT(store().Get("a"), IsNotFound());
  EXPECT_THAT(store().Read("a", 0, 10), IsNotFound());
  EXPECT_THAT(ListIds({}), ElementsAre());
  EXPECT_THAT(store().Delete("a"), IsNotFound());
}

TEST_P(JobStoreConformance, ExpireTakesTheResultOfASuccess) {
  CreateAndFinish("a", TestCompleted());
  Pass(absl::Minutes(1));
  EXPECT_THAT(store().Expire("a"), IsOk());
  EXPECT_EQ(Get("a").state, JobState::kExpired);
  EXPECT_EQ(Get("a").expire_time, clock_.Now());
  EXPECT_THAT(store().Expire("a"), IsOk());
}

TEST_P(JobStoreConformance, ExpireLeavesEverythingElse) {
  CreateAndFinish("failed", JobFailed{absl::InternalError("broken")});
  Create("waiting");
  EXPECT_THAT(store().Expire("failed"), IsOk());
  EXPECT_THAT(store().Expire("waiting"), IsOk());
  EXPECT_EQ(Get("failed").state, JobState::kFailed);
  EXPECT_EQ(Get("waiting").state, JobState::kQueued);
}

TEST_P(JobStoreConformance, PicturesAndCheckpointsAreReferencedUntilTheEnd) {
  const Lease lease = CreateAndClaim("a");
  ASSERT_THAT(store().SetCheckpoint(lease, {.step = 1, .sha256 = "checkpoint"}), IsOk());
  NewJob job = TestNewJob("b");
  job.spec.end_pictures = {{.source_sha256 = "end", .pixels_sha256 = "end pixels"}};
  Create(job);
  EXPECT_THAT(*store().ReferencedInputs(), UnorderedElementsAre("source of a", "pixels of a", "checkpoint",
                                                                "source of b", "pixels of b", "end", "end pixels"));
  ASSERT_THAT(store().Finish(lease, TestCompleted()), IsOk());
  EXPECT_THAT(*store().ReferencedInputs(), UnorderedElementsAre("source of b", "pixels of b", "end", "end pixels"));
  ASSERT_THAT(store().Cancel("b", absl::CancelledError("no")), IsOk());
  EXPECT_THAT(*store().ReferencedInputs(), ElementsAre());
}

TEST_P(JobStoreConformance, ASweepWithoutWorkChangesNothing) {
  Create("a");
  ASSERT_OK_AND_ASSIGN(const SweptJobs swept, store().Sweep());
  EXPECT_THAT(swept.taken_back, ElementsAre());
  EXPECT_THAT(swept.expired, ElementsAre());
  EXPECT_THAT(swept.deleted, ElementsAre());
  EXPECT_EQ(Get("a").last_seq, 2);
}

TEST_P(JobStoreConformance, ASweepTakesTheJobFromAWorkerThatVanished) {
  CreateAndClaim("a");
  Create("b");
  Pass(kOverLease);
  ASSERT_OK_AND_ASSIGN(const SweptJobs swept, store().Sweep());
  EXPECT_THAT(swept.taken_back, ElementsAre("a"));
  EXPECT_EQ(Get("a").state, JobState::kQueued);
  EXPECT_EQ(Get("a").crashes, 1);
  EXPECT_TRUE(Is<JobQueued>(Log("a").back()));
  EXPECT_THAT(*store().QueueOrder(), ElementsAre("a", "b"));
}

TEST_P(JobStoreConformance, AJobIsNotTriedForEver) {
  Create("a");
  for (int i = 0; i < kMaxCrashes; ++i) {
    ASSERT_EQ(Claim().job_id, "a");
    Pass(kOverLease);
    ASSERT_THAT(store().Sweep(), IsOk());
  }
  const JobRecord record = Get("a");
  EXPECT_EQ(record.state, JobState::kFailed);
  EXPECT_EQ(record.crashes, kMaxCrashes);
  EXPECT_THAT(record.error, StatusIs(absl::StatusCode::kAborted, HasSubstr("its worker was lost 3 times")));
  EXPECT_THAT(record.error, HasReason("WORKER_LOST"));
  EXPECT_TRUE(Is<JobFailed>(Log("a").back()));
}

TEST_P(JobStoreConformance, ACancelledJobOfAWorkerThatVanishedEnds) {
  CreateAndClaim("a");
  ASSERT_THAT(store().Cancel("a", absl::CancelledError("no")), IsOk());
  Pass(kOverLease);
  ASSERT_THAT(store().Sweep(), IsOk());
  EXPECT_EQ(Get("a").state, JobState::kCancelled);
  EXPECT_EQ(Get("a").error, absl::CancelledError("no"));
}

TEST_P(JobStoreConformance, ResultsExpireAndRecordsGo) {
  CreateAndFinish("made", TestCompleted());
  CreateAndFinish("failed", JobFailed{absl::InternalError("broken")});
  Create("waiting");
  Pass(options_.result_ttl - absl::Seconds(1));
  EXPECT_THAT(store().Sweep()->expired, ElementsAre());
  Pass(absl::Seconds(1));
  EXPECT_THAT(store().Sweep()->expired, ElementsAre("made"));
  EXPECT_EQ(Get("made").state, JobState::kExpired);
  EXPECT_EQ(Get("failed").state, JobState::kFailed);
  EXPECT_THAT(store().Sweep()->expired, ElementsAre());
  Pass(options_.record_ttl - options_.result_ttl);
  EXPECT_THAT(store().Sweep()->deleted, UnorderedElementsAre("made", "failed"));
  EXPECT_THAT(ListIds({}), ElementsAre("waiting"));
}

TEST_P(JobStoreConformance, StepsOfTheWallClockChangeNothing) {
  for (const absl::Duration step : {absl::Hours(24), absl::Hours(-24)}) {
    const std::string name = absl::FormatDuration(step);
    CreateAndFinish("made " + name, TestCompleted());
    const Lease lease = CreateAndClaim("running " + name);
    clock_.StepWall(step);
    ASSERT_OK_AND_ASSIGN(const SweptJobs swept, store().Sweep());
    EXPECT_THAT(swept.taken_back, ElementsAre()) << name;
    EXPECT_THAT(swept.expired, ElementsAre()) << name;
    EXPECT_THAT(store().Renew(lease, kLease), IsOk());
    Pass(kOverLease);
    EXPECT_THAT(store().Sweep()->taken_back, ElementsAre("running " + name));
    ASSERT_THAT(store().Cancel("running " + name, absl::CancelledError("no")), IsOk());
  }
  EXPECT_THAT(ListIds({}), ElementsAre("running -24h", "made -24h", "running 24h", "made 24h"));
}

TEST_P(JobStoreConformance, JobsGetOldEvenlyAfterAStepOfTheWallClock) {
  for (const absl::Duration step : {absl::Hours(24 * 365), -absl::Hours(24 * 365)}) {
    const std::string name = absl::FormatDuration(step);
    clock_.StepWall(step);
    Pass(options_.result_ttl);
    CreateAndFinish("made " + name, TestCompleted());
    if (place_->IsLasting())
      Reopen();
    Pass(options_.result_ttl - absl::Seconds(1));
    EXPECT_THAT(store().Sweep()->expired, ElementsAre()) << name;
    Pass(absl::Seconds(1));
    EXPECT_THAT(store().Sweep()->expired, ElementsAre("made " + name));
    Pass(options_.record_ttl - options_.result_ttl - absl::Seconds(1));
    EXPECT_THAT(store().Sweep()->deleted, ElementsAre()) << name;
    Pass(absl::Seconds(1));
    EXPECT_THAT(store().Sweep()->deleted, ElementsAre("made " + name));
  }
}

TEST_P(JobStoreConformance, TimesNeverGoBack) {
  Create("a");
  const absl::Time before = Get("a").create_time;
  clock_.StepWall(absl::Hours(-24));
  Create("b");
  EXPECT_EQ(Get("b").create_time, before);
  if (place_->IsLasting()) {
    Reopen();
    Create("c");
    EXPECT_EQ(Get("c").create_time, before);
  }
  clock_.StepWall(absl::Hours(25));
  Create("d");
  EXPECT_EQ(Get("d").create_time, before + absl::Hours(1));
}

TEST_P(JobStoreConformance, EverythingSurvivesReopening) {
  if (!place_->IsLasting())
    GTEST_SKIP() << "what it holds ends with it";
  CreateAndFinish("made", TestCompleted());
  CreateAndFinish("failed", JobFailed{absl::InternalError("broken")});
  Create(TestNewJob("low", Priority::kLow));
  Create("waiting");
  const JobCounts counts = *store().Counts();
  Reopen();
  EXPECT_EQ(Get("made").result->file, TestCompleted().result.file);
  EXPECT_EQ(Get("failed").error, absl::InternalError("broken"));
  EXPECT_EQ(Log("made").size(), 3u);
  EXPECT_THAT(*store().QueueOrder(), ElementsAre("waiting", "low"));
  EXPECT_EQ(store().Counts()->waiting, counts.waiting);
  EXPECT_EQ(store().Counts()->predicted_seconds, counts.predicted_seconds);
  EXPECT_EQ((*store().FindReusable("key of made"))->ticket.id, "made");
  Create("next");
  EXPECT_THAT(ListIds({}), ElementsAre("next", "waiting", "low", "failed", "made"));
}

TEST_P(JobStoreConformance, ListenersHearOfEachChangeOfTheirJob) {
  std::atomic<int> heard = 0;
  int expected = 0;
  const auto subscription = store().Subscribe("a", [&] { ++heard; });
  const auto expect_call = [&](const char* what) {
    EXPECT_GT(heard, expected) << what;
    expected = heard;
  };
  Create("a");
  expect_call("Create");
  const Lease lease = Claim();
  expect_call("Claim");
  ASSERT_THAT(store().Append(lease, TestProgress(1)), IsOk());
  expect_call("Append");
  ASSERT_THAT(store().SetCheckpoint(lease, {.step = 1, .sha256 = "c"}), IsOk());
  expect_call("SetCheckpoint");
  ASSERT_THAT(store().SetOutcome(lease, TestCompleted()), IsOk());
  expect_call("SetOutcome");
  ASSERT_THAT(store().HandBack(lease), IsOk());
  expect_call("HandBack");
  Claim();
  expect_call("Claim");
  Pass(kOverLease);
  ASSERT_THAT(store().Sweep(), IsOk());
  expect_call("Sweep");
  const Lease last = Claim();
  expect_call("Claim");
  ASSERT_THAT(store().Cancel("a", absl::CancelledError("no")), IsOk());
  expect_call("Cancel");
  ASSERT_THAT(store().Finish(last, TestCompleted()), IsOk());
  expect_call("Finish");
  ASSERT_THAT(store().Expire("a"), IsOk());
  expect_call("Expire");
  ASSERT_THAT(store().Delete("a"), IsOk());
  expect_call("Delete");
  CreateAndClaim("b");
  EXPECT_EQ(heard, expected);
}

TEST_P(JobStoreConformance, AListenerSeesWhatItIsCalledFor) {
  std::vector<JobState> seen;
  std::vector<int64_t> seqs;
  const auto subscription = store().Subscribe("", [&] {
    seen.push_back(store().Get("a")->state);
    seqs.push_back(store().Read("a", 0, 100)->back().seq);
    EXPECT_THAT(store().List({}, 10, ""), IsOk());
    EXPECT_THAT(store().Counts(), IsOk());
    EXPECT_THAT(store().QueueOrder(), IsOk());
  });
  const Lease lease = CreateAndClaim("a");
  ASSERT_THAT(store().Append(lease, TestProgress(1)), IsOk());
  ASSERT_THAT(store().Finish(lease, TestCompleted()), IsOk());
  EXPECT_THAT(seen, ElementsAre(JobState::kQueued, JobState::kRunning, JobState::kRunning, JobState::kSucceeded));
  EXPECT_THAT(seqs, ElementsAre(2, 2, 3, 4));
}

TEST_P(JobStoreConformance, NothingIsHeardAfterTheEndOfASubscription) {
  std::atomic<int> heard = 0;
  auto subscription = store().Subscribe("a", [&] { ++heard; });
  Create("a");
  EXPECT_EQ(heard, 1);
  subscription.reset();
  Claim();
  EXPECT_EQ(heard, 1);
}

TEST_P(JobStoreConformance, HasAnIdentityOfItsOwn) {
  ASSERT_OK_AND_ASSIGN(const std::string identity, store().Identity());
  EXPECT_THAT(identity, MatchesRegex("[0-9a-f]{16,32}"));
  EXPECT_EQ(*store().Identity(), identity);
}

}  // namespace
}  // namespace ruyi
