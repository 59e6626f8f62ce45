#include "core/store/postgres/postgres_job_store.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

#include "absl/synchronization/notification.h"
#include "core/store/postgres/postgres_clock.h"
#include "tests/core/store/postgres/postgres_place.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr absl::Duration kLease = absl::Seconds(30);

MATCHER(IsAway, "says that the database is away") {
  return testing::ExplainMatchResult(
      testing::AllOf(StatusIs(absl::StatusCode::kUnavailable), HasReason("STORE_UNAVAILABLE")), StatusOf(arg),
      result_listener);
}

class PostgresJobStoreTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<PostgresJobStore>> Open() {
    return PostgresJobStore::Open(place_.url(), {.jobs = {.queue_capacity = 100'000}}, clock_);
  }

  // Two stores stand for two processes.
  void OpenTwo() {
    ASSERT_OK_AND_ASSIGN(one_, Open());
    ASSERT_OK_AND_ASSIGN(two_, Open());
  }

  Lease ClaimFrom(JobStore& store) {
    const absl::StatusOr<std::optional<Lease>> lease = store.Claim("worker", kLease);
    EXPECT_TRUE(lease.ok() && lease->has_value());
    return lease.ok() && lease->has_value() ? **lease : Lease();
  }

  void Pass(absl::Duration duration) {
    clock_.Advance(duration);
    place_.LetTimePass(duration);
  }

  std::string Run(const std::string& sql) { return PostgresCluster::Run(place_.url(), sql); }

  // Ends the connections of all stores, as a network does.
  void CutConnections() {
    Run("SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE application_name LIKE "
        "'ruyi-server%'");
  }

  static void AwaitReachable(const JobStore& store) {
    while (!store.Reachable().ok())
      std::this_thread::yield();
  }

  FakeClock clock_;
  PostgresPlace place_;
  std::unique_ptr<PostgresJobStore> one_;
  std::unique_ptr<PostgresJobStore> two_;
};

TEST_F(PostgresJobStoreTest, TwoStoresGiveNoJobTwice) {
  constexpr int kJobs = 600;
  OpenTwo();
  for (int i = 0; i < kJobs; ++i)
    ASSERT_THAT(one_->Create(TestNewJob(absl::StrCat(i))), IsOk());
  std::mutex mutex;
  std::multiset<std::string> claimed;
  std::set<int64_t> tokens;
  std::vector<std::thread> workers;
  for (int i = 0; i < 8; ++i) {
    workers.emplace_back([&, i] {
      JobStore& store = i % 2 == 0 ? *one_ : *two_;
      while (true) {
        const auto lease = store.Claim("worker", kLease);
        if (!lease.ok() || !lease->has_value())
          return;
        const std::lock_guard lock(mutex);
        claimed.insert((*lease)->job_id);
        tokens.insert((*lease)->token);
      }
    });
  }
  for (std::thread& worker : workers)
    worker.join();
  EXPECT_EQ(claimed.size(), kJobs);
  EXPECT_EQ(std::set<std::string>(claimed.begin(), claimed.end()).size(), kJobs);
  EXPECT_EQ(tokens.size(), kJobs);
  EXPECT_EQ(one_->Counts()->running, kJobs);
  EXPECT_EQ(two_->Counts()->waiting, 0);
}

TEST_F(PostgresJobStoreTest, TwoStoresOnOneDatabaseHaveOneIdentity) {
  OpenTwo();
  ASSERT_OK_AND_ASSIGN(const std::string identity, one_->Identity());
  EXPECT_EQ(*two_->Identity(), identity);
}

TEST_F(PostgresJobStoreTest, ClaimsOfTwoStoresGoByOneOrder) {
  OpenTwo();
  for (int i = 0; i < 6; ++i) {
    JobStore& store = i % 2 == 0 ? *one_ : *two_;
    ASSERT_THAT(store.Create(TestNewJob(absl::StrCat(i), i == 4 ? Priority::kHigh : Priority::kNormal)), IsOk());
  }
  const std::vector<std::string> order = *one_->QueueOrder();
  EXPECT_THAT(order, ElementsAre("4", "0", "1", "2", "3", "5"));
  std::vector<std::string> claimed;
  for (int i = 0; i < 6; ++i)
    claimed.push_back(ClaimFrom(i % 2 == 0 ? *two_ : *one_).job_id);
  EXPECT_EQ(claimed, order);
}

TEST_F(PostgresJobStoreTest, AStoreTakesBackWhatAnotherProcessHad) {
  OpenTwo();
  ASSERT_THAT(one_->Create(TestNewJob("a")), IsOk());
  const Lease lost = ClaimFrom(*one_);
  ASSERT_THAT(one_->SetCheckpoint(lost, {.step = 2, .sha256 = "check", .worked = absl::Seconds(9)}), IsOk());
  Pass(kLease - absl::Seconds(1));
  EXPECT_THAT(two_->Sweep()->taken_back, ElementsAre());
  Pass(absl::Seconds(2));
  EXPECT_THAT(two_->Sweep()->taken_back, ElementsAre("a"));
  const Lease next = ClaimFrom(*two_);
  EXPECT_GT(next.token, lost.token);
  EXPECT_EQ(next.record.checkpoint->sha256, "check");
  EXPECT_EQ(next.record.crashes, 1);
  EXPECT_THAT(one_->Renew(lost, kLease), IsLeaseLost());
  EXPECT_THAT(one_->Append(lost, TestProgress(1)), IsLeaseLost());
  EXPECT_THAT(one_->SetCheckpoint(lost, {.step = 3, .sha256 = "late"}), IsLeaseLost());
  EXPECT_THAT(one_->Finish(lost, TestCompleted()), IsLeaseLost());
  EXPECT_THAT(one_->Finish(next, TestCompleted()), IsOk());
}

TEST_F(PostgresJobStoreTest, AStoreThatOpensLeavesTheJobsOfOthersAlone) {
  ASSERT_OK_AND_ASSIGN(one_, Open());
  ASSERT_THAT(one_->Create(TestNewJob("a")), IsOk());
  const Lease lease = ClaimFrom(*one_);
  ASSERT_OK_AND_ASSIGN(two_, Open());
  EXPECT_EQ(two_->Get("a")->state, JobState::kRunning);
  EXPECT_THAT(two_->Append(lease, TestProgress(1)), IsOk());
}

TEST_F(PostgresJobStoreTest, ACancelReachesTheWorkerOfAnotherProcess) {
  OpenTwo();
  ASSERT_THAT(one_->Create(TestNewJob("a")), IsOk());
  const Lease lease = ClaimFrom(*one_);
  absl::Notification heard;
  const auto subscription = one_->Subscribe("a", [&] {
    if (!heard.HasBeenNotified())
      heard.Notify();
  });
  ASSERT_THAT(two_->Cancel("a", absl::CancelledError("enough")), IsOk());
  heard.WaitForNotification();
  EXPECT_EQ(one_->Renew(lease, kLease), absl::CancelledError("enough"));
}

// Who listens hears of what was lost once the connection is back, if nothing else has made him look.
TEST_F(PostgresJobStoreTest, NewsThatWereLostAreMadeUpFor) {
  OpenTwo();
  std::set<std::string> seen;
  std::mutex mutex;
  absl::Notification has_all;
  const auto look = [&] {
    const std::lock_guard lock(mutex);
    const absl::StatusOr<std::vector<std::string>> order = two_->QueueOrder();
    if (!order.ok())
      return;
    seen.insert(order->begin(), order->end());
    if (seen.size() == 20 && !has_all.HasBeenNotified())
      has_all.Notify();
  };
  const auto subscription = two_->Subscribe("", look);
  for (int i = 0; i < 20; ++i) {
    if (i % 5 == 4)
      CutConnections();
    while (!one_->Create(TestRequest(absl::StrCat(i), absl::StrCat("request ", i))).ok())
      std::this_thread::yield();
  }
  has_all.WaitForNotification();
}

TEST_F(PostgresJobStoreTest, OneRequestToTwoStoresMakesOneJob) {
  OpenTwo();
  std::vector<std::string> ids(8);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const auto created = (i % 2 == 0 ? *one_ : *two_).Create(TestRequest(absl::StrCat(i), "request"));
      ids[i] = created.ok() ? created->record.ticket.id : created.status().ToString();
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 1u);
  EXPECT_EQ(one_->Counts()->waiting, 1);
}

TEST_F(PostgresJobStoreTest, ConnectionsThatHaveEndedAreNoError) {
  ASSERT_OK_AND_ASSIGN(one_, Open());
  ASSERT_THAT(one_->Create(TestNewJob("a")), IsOk());
  const Lease lease = ClaimFrom(*one_);
  CutConnections();
  EXPECT_THAT(one_->Append(lease, TestProgress(1)), IsOk());
  CutConnections();
  EXPECT_THAT(one_->Get("a"), IsOk());
  CutConnections();
  EXPECT_THAT(one_->Renew(lease, kLease), IsOk());
}

TEST_F(PostgresJobStoreTest, AStoreLivesWhileTheDatabaseIsAway) {
  ASSERT_OK_AND_ASSIGN(one_, Open());
  ASSERT_THAT(one_->Create(TestNewJob("a")), IsOk());
  const Lease lease = ClaimFrom(*one_);
  PostgresCluster::Shared().Kill();
  EXPECT_THAT(one_->Create(TestNewJob("b")), IsAway());
  EXPECT_TRUE(GetErrorInfo(one_->Get("a").status()).retry_delay.has_value());
  EXPECT_THAT(one_->Get("a"), IsAway());
  EXPECT_THAT(one_->Claim("worker", kLease), IsAway());
  EXPECT_THAT(one_->Renew(lease, kLease), IsAway());
  EXPECT_THAT(one_->Append(lease, TestProgress(1)), IsAway());
  EXPECT_THAT(one_->Sweep(), IsAway());
  while (one_->Reachable().ok())
    std::this_thread::yield();
  EXPECT_THAT(one_->Reachable(), IsAway());
  PostgresCluster::Shared().Start();
  AwaitReachable(*one_);
  EXPECT_THAT(one_->Get("a"), IsOk());
  EXPECT_THAT(one_->Append(lease, TestProgress(1)), IsOk());
  EXPECT_THAT(one_->Finish(lease, TestCompleted()), IsOk());
  EXPECT_EQ(one_->Get("a")->state, JobState::kSucceeded);
}

TEST_F(PostgresJobStoreTest, WorkersRenewTheirLeasesBeforeTheyAreTakenBackAfterAnOutage) {
  ASSERT_OK_AND_ASSIGN(one_, Open());
  for (const char* id : {"renewed", "lost"})
    ASSERT_THAT(one_->Create(TestNewJob(id)), IsOk());
  const Lease renewed = ClaimFrom(*one_);
  ClaimFrom(*one_);
  Pass(2 * kLease);
  PostgresCluster::Shared().Kill();
  while (one_->Reachable().ok())
    std::this_thread::yield();
  PostgresCluster::Shared().Start();
  AwaitReachable(*one_);
  EXPECT_THAT(one_->Sweep()->taken_back, ElementsAre());
  EXPECT_THAT(one_->Renew(renewed, kLease), IsOk());
  clock_.Advance(PostgresJobStore::kGrace);
  EXPECT_THAT(one_->Sweep()->taken_back, ElementsAre("lost"));
}

TEST_F(PostgresJobStoreTest, TimesOfAJobDoNotGoBackFromOneServerToAnother) {
  ASSERT_OK_AND_ASSIGN(one_, Open());
  FakeClock slow;
  ASSERT_OK_AND_ASSIGN(two_, PostgresJobStore::Open(place_.url(), {}, slow));
  clock_.StepWall(absl::Hours(1));
  ASSERT_THAT(one_->Create(TestNewJob("a")), IsOk());
  const Lease lease = ClaimFrom(*two_);
  ASSERT_THAT(two_->Append(lease, TestProgress(1)), IsOk());
  const std::vector<LoggedEvent> log = *two_->Read("a", 0, 10);
  ASSERT_EQ(log.size(), 3u);
  EXPECT_EQ(log[2].time, clock_.Now());
}

TEST_F(PostgresJobStoreTest, ServersThatStartTogetherMakeTheTablesOnce) {
  std::vector<absl::Status> statuses(6);
  std::vector<std::thread> threads;
  for (absl::Status& status : statuses)
    threads.emplace_back([&] { status = Open().status(); });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_THAT(statuses, testing::Each(IsOk()));
  EXPECT_EQ(Run("SELECT count(*) || ' ' || max(version) FROM ruyi_schema"), "1 5");
}

TEST_F(PostgresJobStoreTest, ADatabaseOfANewerServerIsRefused) {
  ASSERT_THAT(Open(), IsOk());
  Run("UPDATE ruyi_schema SET version = 99");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("was written by a newer ruyi-server (schema 99; this one knows 5)")));
}

TEST_F(PostgresJobStoreTest, TablesOfAnotherProgramAreRefused) {
  Run("CREATE TABLE jobs(x integer)");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another program")));
}

TEST_F(PostgresJobStoreTest, AnUnreadableJobIsNamedAndHoldsNothingUp) {
  ASSERT_OK_AND_ASSIGN(one_, Open());
  for (const char* id : {"bad", "good"})
    ASSERT_THAT(one_->Create(TestNewJob(id)), IsOk());
  Run("UPDATE jobs SET record = '{\"format\":1}' WHERE id = 'bad'");
  EXPECT_THAT(one_->Get("bad"),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("'bad'"), HasSubstr("'value' is missing"))));
  EXPECT_THAT(one_->Cancel("bad", absl::CancelledError("no")), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(one_->List({}, 10, "")->jobs.size(), 1u);
  EXPECT_EQ(ClaimFrom(*one_).job_id, "good");
  EXPECT_EQ(one_->Counts()->waiting, 1);
  EXPECT_THAT(one_->Delete("bad"), IsOk());
  EXPECT_EQ(one_->Counts()->waiting, 0);
  EXPECT_THAT(one_->Get("bad"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PostgresJobStoreTest, AnUnreadableEventIsDataLoss) {
  ASSERT_OK_AND_ASSIGN(one_, Open());
  ASSERT_THAT(one_->Create(TestNewJob("a")), IsOk());
  Run("UPDATE log SET event = 'nonsense' WHERE seq = 2");
  EXPECT_THAT(one_->Read("a", 0, 10), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(one_->Read("a", 0, 1), IsOk());
}

TEST_F(PostgresJobStoreTest, ATextThatNoDatabaseKeepsIsRefused) {
  ASSERT_OK_AND_ASSIGN(one_, Open());
  EXPECT_THAT(one_->Create(TestNewJob(std::string("a\0b", 3))), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(one_->Create(TestNewJob("a")), IsOk());
}

class PostgresOpenTest : public testing::Test {
 protected:
  absl::Status StatusOfOpen(const std::string& url) { return PostgresJobStore::Open(url, {}, clock_).status(); }

  FakeClock clock_;
};

// An unencoded / or @ in a password moves its parts to where a port or a database is named.
TEST_F(PostgresOpenTest, AUrlThatCannotBeReadIsRefusedWithoutShowingIt) {
  for (const char* url : {"postgresql://user:secret%zz@host/db", "postgresql://user:secret/b@host/db",
                          "postgresql://user:1/secret@host/db"}) {
    EXPECT_THAT(StatusOfOpen(url), StatusIs(absl::StatusCode::kFailedPrecondition,
                                            AllOf(HasSubstr("postgresql://USER@HOST"), Not(HasSubstr("secret")))))
        << url;
  }
}

TEST_F(PostgresOpenTest, ADatabaseThatIsNotThereIsNamedWithoutItsPassword) {
  EXPECT_THAT(StatusOfOpen("postgresql://user:secret@/db?host=/nowhere"), IsAway());
  const absl::Status status = StatusOfOpen(PostgresCluster::Shared().Url() + "&dbname=missing&password=secret");
  EXPECT_THAT(status, IsAway());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr("missing"), Not(HasSubstr("secret")))));
}

TEST_F(PostgresOpenTest, ADatabaseWithoutUnicodeIsRefused) {
  const std::string url = PostgresCluster::Shared().Url();
  PostgresCluster::Run(url, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  EXPECT_THAT(StatusOfOpen(url + "&dbname=latin"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("LATIN1")));
}

TEST_F(PostgresOpenTest, AUserWhoMayMakeNoTablesIsRefused) {
  const std::string url = PostgresCluster::Shared().Url();
  PostgresCluster::Run(url, "CREATE ROLE weak LOGIN");
  EXPECT_THAT(StatusOfOpen(url + "&user=weak"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("refuses its user")));
  EXPECT_THAT(StatusOfOpen(url + "&options=-csearch_path%3Dnowhere"), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(PostgresOpenTest, TheClockIsTheDatabases) {
  const std::string url = PostgresCluster::Shared().Url();
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<const Clock> clock, OpenPostgresClock(url, clock_));
  EXPECT_LT(clock_.Now() + absl::Hours(24 * 365), clock->Now());  // the fake stands in 2023
  const absl::Time begin = clock->Now();
  clock_.StepWall(absl::Hours(24));
  EXPECT_EQ(clock->Now(), begin);
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(clock->Now(), begin + absl::Seconds(5));
  EXPECT_EQ(clock->AgingTime(), clock->Now());
  EXPECT_EQ(clock->Elapsed(), clock_.Elapsed());
  EXPECT_THAT(OpenPostgresClock("postgresql:///db?host=/nowhere", clock_), IsAway());
}

}  // namespace
}  // namespace ruyi
