// Tests what is special to a store in files: where they lie, and what may happen to them.
#include "core/artifact/files/file_artifact_store.h"

#include <fcntl.h>

#include <filesystem>

#include "core/artifact/files/file_descriptor.h"
#include "core/digest/sha256.h"
#include "tests/core/artifact/artifact_store_conformance.h"
#include "tests/core/artifact/files/damage.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::ElementsAre;

class FileArtifactStoreTest : public testing::Test {
 protected:
  std::unique_ptr<FileArtifactStore> Open() {
    auto store = FileArtifactStore::Open(folder_.path().string(), {}, clock_);
    EXPECT_THAT(store, IsOk());
    return *std::move(store);
  }

  std::filesystem::path Result(const std::string& name) const { return folder_.path() / "results" / name; }

  const TemporaryFolder folder_;
  FakeClock clock_;
};

TEST_F(FileArtifactStoreTest, AnEmptyOwnerIsNoLeaveToTakeOver) {
  const auto store = Open();
  folder_.Write("owner", "");
  EXPECT_THAT(store->BelongTo("one"), StatusIs(absl::StatusCode::kFailedPrecondition));
  folder_.Write("owner", "one\n");
  EXPECT_THAT(store->BelongTo("one"), IsOk());
}

TEST_F(FileArtifactStoreTest, IsTheFirstOnesWhereTwoStoresOfJobsComeAtOnce) {
  const auto second = Open();
  FileArtifactStoreOptions options;
  options.at_boundary = [&](std::string_view point) {
    if (point == "before link") {
      EXPECT_THAT(second->BelongTo("two"), IsOk());
    }
    return 0;
  };
  const auto first = *FileArtifactStore::Open(folder_.path().string(), std::move(options), clock_);
  EXPECT_THAT(first->BelongTo("one"),
              StatusIs(StatusCode::kFailedPrecondition, testing::HasSubstr("owner says 'two'; this one is 'one'")));
  EXPECT_EQ(*second->Owner(), "two");
  EXPECT_EQ(*first->UsedBytes(), 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "partial"));
}

TEST_F(FileArtifactStoreTest, CountsNoFilesOfOthersBesideItsOwn) {
  folder_.Write("clock.json", "{}");
  EXPECT_EQ(*Open()->UsedBytes(), 0);
}

TEST_F(FileArtifactStoreTest, LaysFilesWhereAnOperatorFindsThem) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const std::string sha256, store->PutBlob("bytes"));
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "blobs" / sha256.substr(0, 2) / sha256));
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult("job", 1));
  ASSERT_THAT(WriteText(*writer, "film"), IsOk());
  EXPECT_EQ(std::filesystem::file_size(Result("job.mp4")), 4u);
  EXPECT_TRUE(std::filesystem::exists(Result("job.tokens")));
  ASSERT_THAT(writer->Seal(), IsOk());
  EXPECT_TRUE(std::filesystem::exists(Result("job.seal")));
  EXPECT_FALSE(std::filesystem::exists(Result("job.tokens")));
  ASSERT_THAT(store->ShareResult("job", "other"), IsOk());
  EXPECT_TRUE(std::filesystem::equivalent(Result("job.mp4"), Result("other.mp4")));
}

// Two callers send the same picture, and the job of the one begins while the other's is being kept.
TEST_F(FileArtifactStoreTest, HasABlobFromItsFirstPutOnHoweverManyPutIt) {
  std::unique_ptr<FileArtifactStore> store;
  bool has_begun = false;
  std::string sha256;
  FileArtifactStoreOptions options;
  options.at_boundary = [&](std::string_view point) {
    if (!sha256.empty()) {
      EXPECT_THAT(store->ReadBlob(sha256), IsOk()) << point;
    } else if (point == "before create" && !has_begun) {
      has_begun = true;
      sha256 = store->PutBlob("bytes").value();
    }
    return 0;
  };
  store = *FileArtifactStore::Open(folder_.path().string(), std::move(options), clock_);
  EXPECT_EQ(store->PutBlob("bytes").value(), sha256);
  EXPECT_EQ(*store->ReadBlob(sha256), "bytes");
  EXPECT_EQ(*store->UsedBytes(), 5);
}

TEST_F(FileArtifactStoreTest, LetsNobodyElseLookIntoItsFiles) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, "job", "film"), IsOk());
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(Result("")).permissions() & (perms::group_all | perms::others_all), perms::none);
  EXPECT_EQ(std::filesystem::status(Result("job.mp4")).permissions() & (perms::group_all | perms::others_all),
            perms::none);
}

TEST_F(FileArtifactStoreTest, NeedsAFolderThatItCanMake) {
  const std::string file = folder_.Write("file", "");
  EXPECT_THAT(FileArtifactStore::Open(file, {}, clock_), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(FileArtifactStore::Open(file + "/below", {}, clock_), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(FileArtifactStoreTest, RemovesPartialFilesOfDeadProcessesAlone) {
  Open();
  const std::string dead = folder_.Write("partial/dead", "bytes");
  const std::string alive = folder_.Write("partial/alive", "bytes");
  ASSERT_OK_AND_ASSIGN(const FileDescriptor writer, OpenFile(alive, O_RDWR));
  ASSERT_THAT(LockFile(writer), IsOk());
  const auto store = Open();
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(alive));
  EXPECT_EQ(*store->UsedBytes(), 5);
}

TEST_F(FileArtifactStoreTest, DoesNotSealAResultWhoseSealIsMissing) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, "job", "film"), IsOk());
  EXPECT_EQ(*ReadAll(*store, "job"), "film");
  std::filesystem::remove(Result("job.seal"));
  EXPECT_FALSE(store->StatResult("job")->is_sealed);
  EXPECT_FALSE(store->ReadResult("job", 0, 4)->is_end);
  EXPECT_THAT(WriteResult(*store, "job", "film"), IsOk());
  EXPECT_TRUE(store->StatResult("job")->is_sealed);
}

TEST_F(FileArtifactStoreTest, FindsATornSeal) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, "job", "film"), IsOk());
  std::filesystem::resize_file(Result("job.seal"), 20);
  EXPECT_THAT(store->ReadResult("job", 0, 4), HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(store->StatResult("job"), StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(store->StatResult("job"), HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(store->ShareResult("job", "other"), HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(store->OpenResult("job", 9), StatusIs(StatusCode::kFailedPrecondition));
  ASSERT_THAT(store->DeleteResult("job"), IsOk());
  EXPECT_THAT(WriteResult(*store, "job", "film"), IsOk());
}

TEST_F(FileArtifactStoreTest, FindsThatASealHasNoFile) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, "job", "film"), IsOk());
  std::filesystem::remove(Result("job.mp4"));
  const auto second = Open();
  EXPECT_THAT(second->ReadResult("job", 0, 4), HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(*second->ResultIds(), ElementsAre("job"));
  ASSERT_THAT(second->DeleteResult("job"), IsOk());
  EXPECT_THAT(second->StatResult("job"), StatusIs(StatusCode::kNotFound));
}

TEST_F(FileArtifactStoreTest, RefusesAResultThatWasCutWhileItGrew) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult("job", 1));
  ASSERT_THAT(WriteText(*writer, "film"), IsOk());
  std::filesystem::resize_file(Result("job.mp4"), 2);
  EXPECT_EQ(*ReadAll(*store, "job"), "fi");
  EXPECT_THAT(WriteText(*writer, "more"), HasReason("RESULT_CHANGED"));
}

TEST_F(FileArtifactStoreTest, ReadsTokensWhoseLastLineACrashCutShort) {
  const auto store = Open();
  ASSERT_THAT(store->OpenResult("job", 50), IsOk());
  folder_.Write("results/job.tokens", "\n50\n\n6");
  EXPECT_THAT(store->OpenResult("job", 49), HasReason("LEASE_LOST"));
  ASSERT_THAT(store->OpenResult("job", 60), IsOk());
  EXPECT_THAT(store->OpenResult("job", 59), HasReason("LEASE_LOST"));
  EXPECT_THAT(store->OpenResult("job", 60), IsOk());
}

// A crash between the two steps of ShareResult leaves such a file.
TEST_F(FileArtifactStoreTest, WritesNothingIntoAFileThatAnotherJobHasToo) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, "job", "film"), IsOk());
  std::filesystem::create_hard_link(Result("job.mp4"), Result("other.mp4"));
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult("other", 1));
  ASSERT_THAT(WriteText(*writer, "another film"), IsOk());
  ASSERT_THAT(writer->Seal(), IsOk());
  EXPECT_EQ(*ReadAll(*store, "job"), "film");
  EXPECT_EQ(*ReadAll(*store, "other"), "another film");
  EXPECT_EQ(*store->UsedBytes(), *Open()->UsedBytes());
}

TEST_F(FileArtifactStoreTest, ReadsMoreResultsThanItKeepsOpen) {
  const auto store = Open();
  for (int job = 0; job < 70; ++job)
    ASSERT_THAT(WriteResult(*store, std::to_string(job), std::to_string(job)), IsOk());
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  const auto before = open_files();
  for (const int round : {1, 2}) {
    for (int job = 0; job < 70; ++job)
      EXPECT_EQ(*ReadAll(*store, std::to_string(job)), std::to_string(job)) << round;
  }
  EXPECT_EQ(open_files(), before + 64);
}

}  // namespace
}  // namespace ruyi
