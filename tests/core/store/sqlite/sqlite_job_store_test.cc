#include "core/store/sqlite/sqlite_job_store.h"

#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "tests/core/store/sqlite/sqlite_place.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreConformance,
                         testing::Values(StoreKind{"SqliteJobStore", [] { return std::make_unique<SqlitePlace>(); }}),
                         NameOfKind);

class SqliteJobStoreTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<SqliteJobStore>> Open(BoundaryHook hook = nullptr) {
    return SqliteJobStore::Open(folder_.path(), {.at_boundary = std::move(hook)}, clock_);
  }

  std::string database() const { return (folder_.path() / "jobs.sqlite3").string(); }

  // Runs SQL behind the store's back.
  void Execute(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(database().c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

  TemporaryFolder folder_;
  FakeClock clock_;
};

TEST_F(SqliteJobStoreTest, OneProcessHasAFolderAndItIsNamed) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<SqliteJobStore> store, Open());
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr(folder_.path().string()), HasSubstr("is in use by ruyi-server"),
                                     HasSubstr(absl::StrCat("process ", getpid(), " on ")),
                                     HasSubstr("since 2023-11-14T22:13:20+00:00"))));
  store.reset();
  EXPECT_THAT(Open(), IsOk());
}

TEST_F(SqliteJobStoreTest, KeepsItsIdentityAndSharesItWithNoOther) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<SqliteJobStore> store, Open());
  ASSERT_OK_AND_ASSIGN(const std::string identity, store->Identity());
  store.reset();
  ASSERT_OK_AND_ASSIGN(store, Open());
  EXPECT_EQ(*store->Identity(), identity);
  const TemporaryFolder another(" another");
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<SqliteJobStore> other, SqliteJobStore::Open(another.path(), {}, clock_));
  EXPECT_NE(*other->Identity(), identity);
}

TEST_F(SqliteJobStoreTest, AFolderThatCannotBeMadeIsNamed) {
  const std::filesystem::path file = folder_.Write("file", "");
  EXPECT_THAT(SqliteJobStore::Open(file / "state", {}, clock_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("the state folder")));
}

TEST_F(SqliteJobStoreTest, ALockThatCannotBeTakenIsNamed) {
  std::filesystem::create_directories(folder_.path() / "lock");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cannot be locked")));
}

TEST_F(SqliteJobStoreTest, ADatabaseThatCannotBeOpenedIsNamed) {
  std::filesystem::create_directories(database());
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("jobs.sqlite3"), HasSubstr("cannot be opened"))));
}

TEST_F(SqliteJobStoreTest, ADamagedDatabaseIsNamed) {
  folder_.Write("jobs.sqlite3", std::string(8192, 'x'));
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("jobs.sqlite3"), HasSubstr("back-up"))));
}

TEST_F(SqliteJobStoreTest, ADatabaseOfANewerServerIsRefused) {
  ASSERT_THAT(Open(), IsOk());
  Execute("PRAGMA user_version = 99");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("was written by a newer ruyi-server (schema 99; this one knows 6)")));
}

// Takes back what the later schemas have brought.
TEST_F(SqliteJobStoreTest, JobsOfTheFirstSchemaAreTheDefaultTenants) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<SqliteJobStore> store, Open());
  ASSERT_THAT(store->Create(TestRequest("a", "request")), IsOk());
  store.reset();
  Execute(
      "DROP TABLE identity; DROP TABLE uses; DROP TABLE queue; DROP TRIGGER jobs_updated; DROP TRIGGER jobs_deleted; "
      "DROP TABLE tenants; DROP INDEX "
      "jobs_turn; "
      "CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs BEGIN SELECT 1; END; "
      "CREATE TRIGGER jobs_updated AFTER UPDATE ON jobs BEGIN SELECT 1; END; "
      "CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs BEGIN SELECT 1; END; "
      "CREATE TABLE totals(state TEXT); CREATE INDEX jobs_waiting ON jobs(claim_key); "
      "DROP INDEX jobs_tenant; ALTER TABLE jobs DROP COLUMN tenant; "
      "ALTER TABLE jobs RENAME COLUMN request_key TO request_id; PRAGMA user_version = 1");
  ASSERT_OK_AND_ASSIGN(store, Open());
  EXPECT_THAT(store->CheckTenant("a", "default"), IsOk());
  EXPECT_EQ(store->Get("a")->ticket.tenant, "default");
  EXPECT_EQ(store->List({.tenant = "default"}, 10, "")->jobs.size(), 1u);
  EXPECT_FALSE(store->Create(TestRequest("b", "request"))->is_new);
  EXPECT_EQ(store->Counts()->waiting, 1);
}

TEST_F(SqliteJobStoreTest, AnUnreadableJobHasItsTenantStill) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<SqliteJobStore> store, Open());
  ASSERT_THAT(store->Create(TestNewJob("a")), IsOk());
  Execute("UPDATE jobs SET record = 'nonsense'");
  EXPECT_THAT(store->CheckTenant("a", "default"), IsOk());
  EXPECT_THAT(store->CheckTenant("a", "film"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SqliteJobStoreTest, ADatabaseOfAnotherProgramIsRefused) {
  Execute("CREATE TABLE t(x)");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another program")));
  Execute("DROP TABLE t; PRAGMA application_id = 7");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another program")));
}

TEST_F(SqliteJobStoreTest, WhatAProcessLeftBehindWaitsAgain) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<SqliteJobStore> store, Open());
  ASSERT_THAT(store->Create(TestNewJob("a")), IsOk());
  for (int crash = 1; crash < kMaxCrashes; ++crash) {
    ASSERT_OK_AND_ASSIGN(const std::optional<Lease> lease, store->Claim("w", absl::Hours(1)));
    store.reset();
    ASSERT_OK_AND_ASSIGN(store, Open());
    EXPECT_EQ(store->Get("a")->state, JobState::kQueued);
    EXPECT_EQ(store->Get("a")->crashes, crash);
    EXPECT_THAT(store->Append(*lease, TestProgress(1)), IsLeaseLost());
    EXPECT_THAT(store->Renew(*lease, absl::Hours(1)), IsLeaseLost());
  }
  ASSERT_THAT(store->Claim("w", absl::Hours(1)), IsOk());
  store.reset();
  ASSERT_OK_AND_ASSIGN(store, Open());
  EXPECT_EQ(store->Get("a")->state, JobState::kFailed);
  EXPECT_THAT(store->Get("a")->error,
              StatusIs(absl::StatusCode::kAborted, HasSubstr("the server's process died 3 times while it made")));
  EXPECT_THAT(store->Get("a")->error, HasReason("WORKER_LOST"));
}

TEST_F(SqliteJobStoreTest, AnUnreadableJobIsNamedAndHoldsNothingUp) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<SqliteJobStore> store, Open());
  for (const char* id : {"bad", "good"})
    ASSERT_THAT(store->Create(TestNewJob(id)), IsOk());
  Execute("UPDATE jobs SET record = '{\"format\":1}' WHERE id = 'bad'");
  EXPECT_THAT(store->Get("bad"),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("'bad'"), HasSubstr("'value' is missing"))));
  EXPECT_THAT(store->Cancel("bad", absl::CancelledError("no")), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(store->List({}, 10, "")->jobs.size(), 1u);
  EXPECT_EQ((*store->Claim("w", absl::Hours(1)))->job_id, "good");
  EXPECT_THAT(store->CancelAll(absl::CancelledError("no")), IsOk());
  EXPECT_EQ(store->Get("good")->state, JobState::kCancelling);
  EXPECT_THAT(store->Delete("bad"), IsOk());
  EXPECT_THAT(store->Get("bad"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SqliteJobStoreTest, AnUnreadableEventIsDataLoss) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<SqliteJobStore> store, Open());
  ASSERT_THAT(store->Create(TestNewJob("a")), IsOk());
  Execute("UPDATE log SET event = 'nonsense' WHERE seq = 2");
  EXPECT_THAT(store->Read("a", 0, 10), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(store->Read("a", 0, 1), IsOk());
}

TEST_F(SqliteJobStoreTest, ReadersDoNotWaitForAWriter) {
  std::atomic<bool> holds = false;
  absl::Notification is_held;
  absl::Notification may_go_on;
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<SqliteJobStore> store, Open([&](std::string_view point) {
                         if (point == "before commit" && holds.exchange(false)) {
                           is_held.Notify();
                           may_go_on.WaitForNotification();
                         }
                       }));
  ASSERT_THAT(store->Create(TestNewJob("a")), IsOk());
  holds = true;
  std::thread writer([&] { EXPECT_THAT(store->Create(TestNewJob("b")), IsOk()); });
  is_held.WaitForNotification();
  EXPECT_THAT(store->Get("a"), IsOk());
  EXPECT_THAT(store->Get("b"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(store->Read("a", 0, 10)->size(), 2u);
  EXPECT_EQ(store->List({}, 10, "")->jobs.size(), 1u);
  EXPECT_THAT(*store->QueueOrder(), ElementsAre("a"));
  EXPECT_EQ(store->Counts()->waiting, 1);
  may_go_on.Notify();
  writer.join();
  EXPECT_EQ(store->Counts()->waiting, 2);
}

}  // namespace
}  // namespace ruyi
