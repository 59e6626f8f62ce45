#include "core/janitor/janitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/artifact/files/file_artifact_store.h"
#include "core/store/memory/memory_job_store.h"
#include "core/store/sqlite/sqlite_job_store.h"
#include "tests/core/store/test_jobs.h"
#include "tests/support/distant_artifact_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/flaky_job_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class JanitorTest : public testing::Test {
 protected:
  JanitorTest()
      : jobs_({.result_ttl = absl::Hours(1), .record_ttl = absl::Hours(2)}, clock_),
        artifacts_(*FileArtifactStore::Open(folder_.path().string(), {.blob_ttl = absl::Hours(1)}, clock_)),
        janitor_(jobs_, *artifacts_) {}

  void WriteResult(const std::string& id, bool is_sealed) {
    const std::unique_ptr<ResultWriter> writer = *artifacts_->OpenResult(id, 1);
    const uint8_t bytes[] = {1, 2, 3};
    ASSERT_THAT(writer->Write(bytes), IsOk());
    if (is_sealed) {
      ASSERT_THAT(writer->Seal(), IsOk());
    }
  }

  // A job that was made, and its bytes.
  void Make(const std::string& id) {
    ASSERT_THAT(jobs_.Create(TestNewJob(id)), IsOk());
    ASSERT_OK_AND_ASSIGN(const std::optional<Lease> lease, jobs_.Claim("worker", absl::Minutes(1)));
    WriteResult(id, true);
    ASSERT_THAT(jobs_.Finish(*lease, TestCompleted()), IsOk());
  }

  // As if somebody tidied up by hand.
  void LoseOwner() { std::filesystem::remove(folder_.path() / "owner"); }

  bool HasBytes(const std::string& id) { return artifacts_->StatResult(id).ok(); }

  const TemporaryFolder folder_;
  FakeClock clock_;
  MemoryJobStore jobs_;
  std::unique_ptr<FileArtifactStore> artifacts_;
  Janitor janitor_;
};

TEST_F(JanitorTest, LetsResultsExpireWithTheirBytes) {
  Make("job");
  clock_.Advance(absl::Minutes(59));
  ASSERT_THAT(janitor_.CleanUp(), IsOk());
  EXPECT_TRUE(HasBytes("job"));
  clock_.Advance(absl::Minutes(2));
  ASSERT_THAT(janitor_.CleanUp(), IsOk());
  EXPECT_FALSE(HasBytes("job"));
  EXPECT_EQ(jobs_.Get("job")->state, JobState::kExpired);
}

TEST_F(JanitorTest, LetsRecordsGo) {
  Make("job");
  clock_.Advance(absl::Hours(3));
  ASSERT_THAT(janitor_.CleanUp(), IsOk());
  EXPECT_THAT(jobs_.Get("job"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(HasBytes("job"));
}

TEST_F(JanitorTest, KeepsPicturesOfJobsThatWait) {
  ASSERT_OK_AND_ASSIGN(const std::string wanted, artifacts_->PutBlob("wanted"));
  ASSERT_OK_AND_ASSIGN(const std::string unwanted, artifacts_->PutBlob("unwanted"));
  NewJob job = TestNewJob("job");
  job.spec.start_pictures[0].pixels_sha256 = wanted;
  ASSERT_THAT(jobs_.Create(job), IsOk());
  clock_.Advance(absl::Hours(1000));
  ASSERT_THAT(janitor_.CleanUp(), IsOk());
  EXPECT_THAT(artifacts_->ReadBlob(wanted), IsOk());
  EXPECT_THAT(artifacts_->ReadBlob(unwanted), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(JanitorTest, DeletesBytesWithoutAJob) {
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  WriteResult("stranger", true);
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  ASSERT_THAT(janitor_.CleanUp(), IsOk());
  EXPECT_FALSE(HasBytes("stranger"));
}

// Another server shares the result of an equal job before it creates the record.
TEST_F(JanitorTest, KeepsBytesWhoseJobIsCreatedMeanwhile) {
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  WriteResult("shared", true);
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  EXPECT_TRUE(HasBytes("shared"));
  ASSERT_THAT(jobs_.Create(TestNewJob("shared")), IsOk());
  ASSERT_THAT(janitor_.CleanUp(), IsOk());
  EXPECT_TRUE(HasBytes("shared"));
  ASSERT_THAT(janitor_.CleanUp(), IsOk());
  EXPECT_TRUE(HasBytes("shared"));
}

TEST_F(JanitorTest, DeletesBytesOfAJobThatFailed) {
  ASSERT_THAT(jobs_.Create(TestNewJob("job")), IsOk());
  WriteResult("job", false);
  ASSERT_THAT(jobs_.Cancel("job", absl::CancelledError("enough")), IsOk());
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  EXPECT_FALSE(HasBytes("job"));
}

TEST_F(JanitorTest, KeepsBytesOfJobsThatWaitOrWereMade) {
  Make("made");
  ASSERT_THAT(jobs_.Create(TestNewJob("waiting")), IsOk());
  WriteResult("waiting", false);
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  EXPECT_TRUE(HasBytes("made"));
  EXPECT_TRUE(HasBytes("waiting"));
}

TEST_F(JanitorTest, LeavesBytesWhoseRecordCannotBeRead) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<SqliteJobStore> jobs, SqliteJobStore::Open(folder_.path(), {}, clock_));
  Janitor janitor(*jobs, *artifacts_);
  ASSERT_THAT(janitor.Reconcile(), IsOk());
  ASSERT_THAT(jobs->Create(TestNewJob("unreadable")), IsOk());
  WriteResult("unreadable", true);
  WriteResult("stranger", true);
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<SqliteConnection> connection,
                       SqliteConnection::Open((folder_.path() / "jobs.sqlite3").string(), nullptr));
  ASSERT_THAT(connection->Execute("UPDATE jobs SET record = ''"), IsOk());
  EXPECT_THAT(janitor.Reconcile(), IsOk());
  EXPECT_THAT(janitor.CleanUp(), IsOk());
  EXPECT_TRUE(HasBytes("unreadable"));
  EXPECT_FALSE(HasBytes("stranger"));
}

TEST_F(JanitorTest, ExpiresJobsWhoseBytesAreGone) {
  Make("gone");
  Make("there");
  ASSERT_THAT(artifacts_->DeleteResult("gone"), IsOk());
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  EXPECT_EQ(jobs_.Get("gone")->state, JobState::kExpired);
  EXPECT_EQ(jobs_.Get("there")->state, JobState::kSucceeded);
}

// As a start of a server with videos in a bucket: each look at one of them is a request.
TEST_F(JanitorTest, LooksAtNoVideoOneByOneWhenItReconciles) {
  constexpr int kVideos = Janitor::kChecksAtATime + 1;
  for (int i = 0; i < kVideos; ++i)
    Make(absl::StrCat("job", i));
  int looks = 0;
  DistantArtifactStore counting(*artifacts_, [&](std::string_view call) {
    looks += call == "StatResult" ? 1 : 0;
    return true;
  });
  Janitor janitor(jobs_, counting);
  ASSERT_THAT(janitor.Reconcile(), IsOk());
  EXPECT_EQ(looks, 0);
  ASSERT_THAT(janitor.CleanUp(), IsOk());
  EXPECT_EQ(looks, Janitor::kChecksAtATime);
  ASSERT_THAT(janitor.CleanUp(), IsOk());
  ASSERT_THAT(janitor.CleanUp(), IsOk());
  EXPECT_EQ(looks, kVideos);
}

// As after a back-up that was taken of the records first and of the files in the middle of their making.
TEST_F(JanitorTest, ExpiresJobsWhoseBytesAreNotWhole) {
  Make("half");
  ASSERT_THAT(artifacts_->DeleteResult("half"), IsOk());
  WriteResult("half", false);
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  ASSERT_THAT(janitor_.CleanUp(), IsOk());
  EXPECT_EQ(jobs_.Get("half")->state, JobState::kExpired);
}

TEST_F(JanitorTest, LooksAgainWhenTheStoreIsBack) {
  Make("half");
  ASSERT_THAT(artifacts_->DeleteResult("half"), IsOk());
  WriteResult("half", false);
  bool is_there = false;
  DistantArtifactStore distant(*artifacts_, [&](std::string_view call) { return call != "StatResult" || is_there; });
  Janitor janitor(jobs_, distant);
  ASSERT_THAT(janitor.Reconcile(), IsOk());
  EXPECT_THAT(janitor.CleanUp(), StatusIs(absl::StatusCode::kUnavailable));
  is_there = true;
  EXPECT_THAT(janitor.CleanUp(), IsOk());
  EXPECT_EQ(jobs_.Get("half")->state, JobState::kExpired);
}

TEST_F(JanitorTest, TakesNoOffenceAtVideosThatWereDeletedBeforeItLooked) {
  Make("job");
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  ASSERT_THAT(jobs_.Delete("job"), IsOk());
  ASSERT_THAT(artifacts_->DeleteResult("job"), IsOk());
  EXPECT_THAT(janitor_.CleanUp(), IsOk());
}

TEST_F(JanitorTest, DeletesLaterWhatItCannotDeleteNow) {
  Make("one");
  Make("two");
  int deletions = 0;
  DistantArtifactStore distant(
      *artifacts_, [&deletions](std::string_view call) { return call != "DeleteResult" || ++deletions != 2; });
  Janitor janitor(jobs_, distant);
  clock_.Advance(absl::Minutes(61));
  EXPECT_THAT(janitor.CleanUp(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(HasBytes("one") != HasBytes("two"));
  EXPECT_THAT(janitor.CleanUp(), IsOk());
  EXPECT_FALSE(HasBytes("one") || HasBytes("two"));
}

TEST_F(JanitorTest, LeavesTheArtifactsOfAnotherStoreOfJobsAlone) {
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  Make("job");
  MemoryJobStore others({}, clock_);
  EXPECT_THAT(Janitor(others, *artifacts_).Reconcile(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_TRUE(HasBytes("job"));
  EXPECT_THAT(janitor_.Reconcile(), IsOk());
}

// The owner of these is a server that lives and has not looked since.
TEST_F(JanitorTest, TakesNoVideosThatItDoesNotKnowAndNobodyOwns) {
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  Make("job");
  LoseOwner();
  MemoryJobStore others({}, clock_);
  EXPECT_THAT(Janitor(others, *artifacts_).Reconcile(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("owner is missing"), HasSubstr("write '" + *others.Identity() + "' into it"))));
  EXPECT_TRUE(HasBytes("job"));
  EXPECT_THAT(artifacts_->Owner(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(janitor_.Reconcile(), IsOk()) << "it knows them all";
}

TEST_F(JanitorTest, TakesNoPicturesThatNobodyOwns) {
  ASSERT_THAT(artifacts_->PutBlob("picture").status(), IsOk());
  EXPECT_THAT(janitor_.Reconcile(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(artifacts_->Owner(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(JanitorTest, TakesWhatItIsToldToTake) {
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  Make("job");
  MemoryJobStore others({}, clock_);
  folder_.Write("owner", *others.Identity() + "\n");
  Janitor janitor(others, *artifacts_);
  ASSERT_THAT(janitor.Reconcile(), IsOk());
  ASSERT_THAT(janitor.CleanUp(), IsOk());
  EXPECT_FALSE(HasBytes("job"));
}

TEST_F(JanitorTest, DoesNotTakeOverWhileTheStoreOfJobsIsAway) {
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  Make("job");
  LoseOwner();
  FlakyJobStore away({}, clock_);
  DistantArtifactStore listed(*artifacts_, [&](std::string_view call) {
    away.HideFor(call == "ResultIds" ? 1 : 0);
    return true;
  });
  EXPECT_THAT(Janitor(away, listed).Reconcile(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(artifacts_->Owner(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(JanitorTest, WritesAgainWhoseTheArtifactsAreWhileItLives) {
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  Make("job");
  LoseOwner();
  ASSERT_THAT(janitor_.CleanUp(), IsOk());
  EXPECT_EQ(*artifacts_->Owner(), *jobs_.Identity());
}

TEST_F(JanitorTest, DeletesNothingOnceTheArtifactsAreAnothers) {
  ASSERT_THAT(janitor_.Reconcile(), IsOk());
  Make("job");
  ASSERT_OK_AND_ASSIGN(const std::string sha256, artifacts_->PutBlob("picture"));
  folder_.Write("owner", "another");
  clock_.Advance(absl::Minutes(61));
  EXPECT_THAT(janitor_.CleanUp(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("owner says 'another'")));
  EXPECT_TRUE(HasBytes("job"));
  EXPECT_THAT(artifacts_->ReadBlob(sha256), IsOk());
  EXPECT_EQ(jobs_.Get("job")->state, JobState::kExpired) << "records go on";
  folder_.Write("owner", *jobs_.Identity());
  EXPECT_THAT(janitor_.CleanUp(), IsOk());
  EXPECT_FALSE(HasBytes("job"));
}

}  // namespace
}  // namespace ruyi
