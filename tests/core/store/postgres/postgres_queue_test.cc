// What two stores on one database do with the queue that they share.
#include <fstream>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/wake_up.h"
#include "core/store/postgres/postgres_connection.h"
#include "tests/core/store/postgres/postgres_place.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr absl::Duration kLease = absl::Seconds(30);

class PostgresQueueTest : public testing::Test {
 protected:
  // Two stores stand for two processes.
  void OpenTwo() {
    for (std::unique_ptr<PostgresJobStore>* store : {&one_, &two_}) {
      ASSERT_OK_AND_ASSIGN(
          *store, PostgresJobStore::Open(place_.url(), {.jobs = {.queue_capacity = 1000, .quotas = quotas_}}, clock_));
    }
  }

  std::shared_ptr<Quotas> quotas_;
  FakeClock clock_;
  PostgresPlace place_;
  std::unique_ptr<PostgresJobStore> one_;
  std::unique_ptr<PostgresJobStore> two_;
};

TEST_F(PostgresQueueTest, APauseHoldsForAllStoresAndTheirListenersHearOfIt) {
  OpenTwo();
  for (const char* id : {"a", "b"})
    ASSERT_THAT(one_->Create(TestNewJob(id)), IsOk());
  WakeUp news;
  const auto listening = two_->Subscribe("a job that nobody changes", [&] { news.Wake(); });
  ASSERT_THAT(one_->SetPaused(true), IsOk());
  EXPECT_TRUE(two_->Counts()->paused);
  EXPECT_EQ(*two_->Claim("worker", kLease), std::nullopt);
  news.Wait(absl::InfiniteDuration());
  ASSERT_THAT(two_->SetPaused(false), IsOk());
  EXPECT_EQ((*one_->Claim("worker", kLease))->job_id, "a");
}

TEST_F(PostgresQueueTest, TwoStoresDoNotGoOverAQuotaTogether) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "quotas.json") << R"({"default": {"waiting": 10, "running": 3}})";
  quotas_ = std::make_shared<Quotas>(folder.path() / "quotas.json");
  ASSERT_THAT(quotas_->Reload(), IsOk());
  OpenTwo();
  const auto on_threads = [&](const std::function<void(JobStore&, int)>& work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&, i] { work(i % 2 == 0 ? *one_ : *two_, i); });
    for (std::thread& thread : threads)
      thread.join();
  };
  on_threads([](JobStore& store, int thread) {
    for (int i = 0; i < 5; ++i)
      store.Create(TestNewJob(absl::StrCat(thread, " ", i))).status().IgnoreError();
  });
  EXPECT_EQ(one_->Counts()->waiting, 10);
  on_threads([](JobStore& store, int) {
    for (int i = 0; i < 5; ++i)
      store.Claim("worker", kLease).status().IgnoreError();
  });
  EXPECT_LE(one_->Counts()->running, 3);
  while ((*one_->Claim("worker", kLease)).has_value())
    continue;
  EXPECT_EQ(one_->Counts()->running, 3);
}

// A server that was cut off leaves a transaction open, with rows of its own, until the database ends it.
TEST_F(PostgresQueueTest, ASweepWaitsForNoTransactionThatIsLeftOpen) {
  OpenTwo();
  ASSERT_THAT(one_->Create(TestNewJob("a")), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<PostgresConnection> cut_off, PostgresConnection::Open(place_.url()));
  ASSERT_THAT(cut_off->RunScript("INSERT INTO tenants(tenant, shard) VALUES ('default', 64)"), IsOk());
  ASSERT_THAT(cut_off->RunScript("BEGIN; INSERT INTO tenants(tenant, shard) VALUES ('default', 65)"), IsOk());
  EXPECT_THAT(two_->Sweep(), IsOk());
  EXPECT_THAT(one_->Create(TestNewJob("b")), IsOk());
  ASSERT_THAT(cut_off->RunScript("ROLLBACK"), IsOk());
  EXPECT_THAT(two_->Sweep(), IsOk());
  EXPECT_EQ(one_->Counts()->waiting, 2);
}

// Servers sweep again and again: what nobody has changed is not written anew.
TEST_F(PostgresQueueTest, ASweepWritesOnlyTheRowsThatChange) {
  OpenTwo();
  for (const auto& [tenant, id] : {std::pair("film", "a"), std::pair("film", "b"), std::pair("press", "c")}) {
    NewJob job = TestNewJob(id);
    job.ticket.tenant = tenant;
    ASSERT_THAT(one_->Create(job), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<PostgresConnection> reader, PostgresConnection::Open(place_.url()));
  const auto rows = [&] {
    const absl::StatusOr<PostgresRows> found = reader->Query(
        "SELECT coalesce(string_agg(concat_ws(' ', tenant, shard, waiting_jobs, xmin), ', ' ORDER BY tenant, shard), "
        "'') FROM tenants");
    EXPECT_THAT(found, IsOk());
    return found.ok() ? std::string(found->Text(0, 0)) : "";
  };
  ASSERT_THAT(reader->RunScript("INSERT INTO tenants(tenant, shard, turn) VALUES ('film', 64, 1), ('gone', 1, 0)"),
              IsOk());
  const std::string before = rows();
  ASSERT_THAT(one_->Sweep(), IsOk());
  const std::string swept = rows();
  EXPECT_THAT(swept, AllOf(StartsWith("film 0 2 "), Not(HasSubstr("gone"))));
  EXPECT_EQ(swept.substr(swept.find("press")), before.substr(before.find("press"))) << "it had one row";
  for (PostgresJobStore* store : {one_.get(), two_.get()})
    ASSERT_THAT(store->Sweep(), IsOk());
  EXPECT_EQ(rows(), swept);
}

}  // namespace
}  // namespace ruyi
