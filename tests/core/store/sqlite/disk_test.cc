// Tests what the store does to the disk: how often it waits for it, and what it does when it is full.
#include "core/store/sqlite/sqlite_job_store.h"
#include "tests/core/store/sqlite/small_disk.h"
#include "tests/core/store/sqlite/sqlite_place.h"

namespace ruyi {
namespace {

using testing::ElementsAre;

class DiskTest : public testing::Test {
 protected:
  DiskTest() { Open(); }

  void Open() {
    store_.reset();
    auto store = SqliteJobStore::Open(folder_.path(), {}, clock_);
    ASSERT_THAT(store, IsOk());
    store_ = *std::move(store);
  }

  Lease CreateAndClaim(const std::string& id) {
    EXPECT_THAT(store_->Create(TestNewJob(id)), IsOk());
    return **store_->Claim("worker", absl::Minutes(1));
  }

  bool HasBallast() const { return std::filesystem::exists(folder_.path() / "ballast"); }

  // Returns true when `write` waits for the disk.
  bool Waits(const std::function<absl::Status()>& write) {
    const int before = disk_.syncs();
    EXPECT_THAT(write(), IsOk());
    return disk_.syncs() > before;
  }

  TemporaryFolder folder_;
  SmallDisk disk_{folder_.path()};
  FakeClock clock_;
  std::unique_ptr<SqliteJobStore> store_;
};

TEST_F(DiskTest, WhatIsPromisedWaitsForTheDisk) {
  ASSERT_THAT(store_->Create(TestNewJob("first")), IsOk());  // the first write of all begins a new log
  EXPECT_TRUE(Waits([&] { return store_->Create(TestNewJob("a")).status(); }));
  EXPECT_TRUE(Waits([&] { return store_->Cancel("first", absl::CancelledError("no")).status(); }));
  const Lease lease = **store_->Claim("worker", absl::Minutes(1));
  EXPECT_TRUE(Waits([&] { return store_->SetCheckpoint(lease, {.step = 1, .sha256 = "c"}); }));
  EXPECT_TRUE(Waits([&] { return store_->Append(lease, JobResumed{.step = 1}).status(); }));
  EXPECT_TRUE(Waits([&] { return store_->Finish(lease, TestCompleted()); }));
  EXPECT_TRUE(Waits([&] { return store_->Delete("a"); }));
}

TEST_F(DiskTest, WhatALaterOneReplacesDoesNotWait) {
  const Lease lease = CreateAndClaim("a");
  EXPECT_FALSE(Waits([&] { return store_->Append(lease, TestProgress(1)).status(); }));
  EXPECT_FALSE(Waits([&] { return store_->Append(lease, JobPreview{.step = 1, .jpeg = "x"}).status(); }));
  EXPECT_FALSE(Waits([&] { return store_->Renew(lease, absl::Minutes(1)); }));
  EXPECT_FALSE(Waits([&] { return store_->Get("a").status(); }));
}

TEST_F(DiskTest, AFullDiskRefusesWhatIsNew) {
  const Lease lease = CreateAndClaim("a");
  disk_.LeaveRoom(0);
  const absl::Status status = store_->Create(TestNewJob("b")).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, testing::HasSubstr("make room")));
  EXPECT_THAT(status, HasReason("DISK_FULL"));
  EXPECT_TRUE(GetErrorInfo(status).retry_delay.has_value());
  EXPECT_THAT(store_->Append(lease, TestProgress(1)), HasReason("DISK_FULL"));
  EXPECT_THAT(store_->SetCheckpoint(lease, {.step = 1, .sha256 = "c"}), HasReason("DISK_FULL"));
  EXPECT_TRUE(HasBallast());
  EXPECT_EQ(store_->Get("a")->last_seq, 2);
  EXPECT_THAT(*store_->QueueOrder(), ElementsAre());
}

TEST_F(DiskTest, EndsAndDeletionsAreWrittenOnAFullDisk) {
  const Lease lease = CreateAndClaim("a");
  ASSERT_THAT(store_->Create(TestNewJob("b")), IsOk());
  disk_.LeaveRoom(0);
  EXPECT_THAT(store_->Finish(lease, JobFailed{absl::ResourceExhaustedError("the disk is full")}), IsOk());
  EXPECT_FALSE(HasBallast());
  EXPECT_THAT(store_->Cancel("b", absl::CancelledError("no")), IsOk());
  EXPECT_THAT(store_->Delete("b"), IsOk());
  Open();
  EXPECT_EQ(store_->Get("a")->state, JobState::kFailed);
  EXPECT_THAT(store_->Get("b"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DiskTest, TheBallastComesBackWithTheRoom) {
  const Lease lease = CreateAndClaim("a");
  disk_.LeaveRoom(0);
  ASSERT_THAT(store_->Finish(lease, TestCompleted()), IsOk());
  ASSERT_FALSE(HasBallast());
  disk_.LeaveAllRoom();
  ASSERT_THAT(store_->Sweep(), IsOk());
  EXPECT_TRUE(HasBallast());
  EXPECT_EQ(std::filesystem::file_size(folder_.path() / "ballast"), 16u << 20);
  EXPECT_THAT(store_->Create(TestNewJob("b")), IsOk());
}

TEST_F(DiskTest, ASweepMovesTheLogIntoTheDatabase) {
  const auto size = [&] { return std::filesystem::file_size(folder_.path() / "jobs.sqlite3"); };
  const auto before = size();
  for (int i = 0; i < 30; ++i)
    ASSERT_THAT(store_->Create(TestNewJob(std::to_string(i))).status(),
                testing::AnyOf(IsOk(), HasReason("QUEUE_FULL")));
  EXPECT_EQ(size(), before);
  ASSERT_THAT(store_->Sweep(), IsOk());
  EXPECT_GT(size(), before);
}

}  // namespace
}  // namespace ruyi
