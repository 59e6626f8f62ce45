// Tests what the store does when one step on the disk fails, and in which order it takes the steps.
#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/artifact/files/file_artifact_store.h"
#include "tests/core/artifact/files/artifact_story.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::ElementsAre;

class DiskFailure : public testing::Test {
 protected:
  std::unique_ptr<FileArtifactStore> Open(const std::string& name) {
    FileArtifactStoreOptions options;
    options.at_boundary = [this](std::string_view point) { return OnBoundary(std::string(point)); };
    auto store = FileArtifactStore::Open(folder_.path() / name, std::move(options), clock_);
    EXPECT_THAT(store, IsOk());
    points_.clear();
    return *std::move(store);
  }

  // A step that begins counts; number `failing_` of them fails.
  int OnBoundary(const std::string& point) {
    if (!absl::StartsWith(point, "before "))
      return 0;
    points_.push_back(point.substr(7));
    return static_cast<int>(points_.size()) == failing_ || points_.back() == failing_step_ ? error_ : 0;
  }

  // Lets the story fail at each of its steps with `error`; returns how many steps it has.
  int FailAtEachStep(int error, StatusCode code, std::string_view reason) {
    error_ = error;
    for (int step = 1;; ++step) {
      failing_ = 0;
      const auto store = Open(std::to_string(error) + "-" + std::to_string(step));
      failing_ = step;
      const absl::Status status = story::Tell(*store, 1);
      const std::string failed = points_.size() < static_cast<size_t>(step) ? "" : points_[step - 1];
      failing_ = 0;
      if (failed.empty())
        return step - 1;
      EXPECT_THAT(status, StatusIs(code)) << failed << " " << step;
      EXPECT_THAT(status, HasReason(reason)) << failed << " " << step;
      CheckRecovery(*store, failed + " " + std::to_string(step));
    }
  }

  void CheckRecovery(FileArtifactStore& store, const std::string& failed) {
    story::CheckNothingIsWrong(store);
    EXPECT_THAT(story::Tell(store, 1), IsOk()) << failed;
    story::CheckAllIsThere(store);
    EXPECT_THAT(story::Forget(store), IsOk()) << failed;
    EXPECT_EQ(*store.UsedBytes(), 0) << failed;
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  int failing_ = 0;
  std::string failing_step_;
  int error_ = 0;
  std::vector<std::string> points_;
};

TEST_F(DiskFailure, OfRoomIsToldAndLeavesNothingHalfDone) {
  EXPECT_GT(FailAtEachStep(ENOSPC, StatusCode::kResourceExhausted, "DISK_FULL"), 20);
}

TEST_F(DiskFailure, OfAQuotaIsOneOfRoom) {
  const auto store = Open("store");
  failing_step_ = "write";
  error_ = EDQUOT;
  EXPECT_THAT(store->PutBlob("bytes"), HasReason("DISK_FULL"));
}

TEST_F(DiskFailure, OfAnyOtherKindIsInternalAndLeavesNothingHalfDone) {
  EXPECT_GT(FailAtEachStep(EIO, StatusCode::kInternal, "INTERNAL"), 20);
}

TEST_F(DiskFailure, OfAWriteShowsReadersNothingOfIt) {
  const auto store = Open("store");
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult("job", 1));
  ASSERT_THAT(WriteText(*writer, "one"), IsOk());
  for (const int step : {1, 2}) {
    points_.clear();
    failing_ = step;
    error_ = ENOSPC;
    EXPECT_THAT(WriteText(*writer, "two"), HasReason("DISK_FULL"));
    failing_ = 0;
    EXPECT_EQ(*ReadAll(*store, "job"), "one");
    EXPECT_EQ(*ReadAll(*Open("store"), "job"), "one");
    EXPECT_EQ(*store->UsedBytes(), 3);
  }
  ASSERT_THAT(WriteText(*writer, "two"), IsOk());
  ASSERT_OK_AND_ASSIGN(const FileDigest digest, writer->Seal());
  EXPECT_EQ(digest, DigestOf("onetwo"));
}

TEST_F(DiskFailure, ToLinkIsMadeGoodByACopy) {
  const auto store = Open("store");
  ASSERT_THAT(WriteResult(*store, "job", story::Film()), IsOk());
  const int64_t used = *store->UsedBytes();
  for (const int error : {EPERM, EMLINK, EOPNOTSUPP, EXDEV}) {
    failing_step_ = "link";
    error_ = error;
    ASSERT_THAT(store->ShareResult("job", "shared"), IsOk());
    EXPECT_TRUE(*ReadAll(*store, "shared") == story::Film());
    EXPECT_EQ(*store->UsedBytes(), 2 * used);
    ASSERT_THAT(store->DeleteResult("shared"), IsOk());
    EXPECT_EQ(*store->UsedBytes(), used);
  }
}

TEST_F(DiskFailure, ToLinkLeavesTheOwnerItsName) {
  for (const int error : {EPERM, EMLINK, EOPNOTSUPP, EXDEV}) {
    const auto store = Open(std::to_string(error));
    failing_step_ = "link";
    error_ = error;
    EXPECT_THAT(store->BelongTo("one"), IsOk());
    EXPECT_EQ(*store->Owner(), "one");
    EXPECT_EQ(*store->UsedBytes(), 0);
  }
}

TEST_F(DiskFailure, OfTheOwnerIsToldAndLeavesNothingHalfDone) {
  error_ = EIO;
  for (const char* step : {"create", "write", "fsync", "link", "unlink", "folder fsync"}) {
    const auto store = Open(step);
    failing_step_ = step;
    EXPECT_THAT(store->BelongTo("one"), StatusIs(StatusCode::kInternal)) << step;
    failing_step_.clear();
    EXPECT_THAT(store->BelongTo("one"), IsOk()) << step;
    EXPECT_EQ(*Open(step)->UsedBytes(), 0) << step;
  }
}

TEST_F(DiskFailure, FindsBytesOnTheDiskBeforeTheirName) {
  const auto store = Open("store");
  ASSERT_THAT(store->PutBlob("bytes"), IsOk());
  EXPECT_THAT(points_, ElementsAre("create", "write", "fsync", "folder fsync", "rename", "folder fsync"));
  points_.clear();
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult("job", 1));
  EXPECT_THAT(points_, ElementsAre("create", "write", "fsync", "create", "fsync", "folder fsync"));
  points_.clear();
  ASSERT_THAT(WriteText(*writer, "bytes"), IsOk());
  EXPECT_THAT(points_, ElementsAre("write", "fsync"));
  points_.clear();
  ASSERT_THAT(writer->Seal(), IsOk());
  EXPECT_THAT(points_, ElementsAre("fsync", "create", "write", "fsync", "rename", "folder fsync", "unlink"));
}

}  // namespace
}  // namespace ruyi
