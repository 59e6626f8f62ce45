#include "client/partial_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <utility>

#include "tests/client/client_process.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string CreateError(const std::string& path) {
  return std::string(PartialFile::Create(path).status().message());
}

TEST(PartialFile, HasItsNameOnlyAfterCommit) {
  const TemporaryFolder folder;
  const auto file = PartialFile::Create(folder.path() / "film.mp4");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(PartFiles(folder.path()), ElementsAre("film.mp4.part"));
  EXPECT_TRUE((*file)->Write("abc").ok());
  EXPECT_TRUE((*file)->Write("def").ok());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "film.mp4"));
  EXPECT_TRUE((*file)->Commit().ok());
  EXPECT_EQ(ReadFile(folder.path() / "film.mp4"), "abcdef");
  EXPECT_THAT(PartFiles(folder.path()), IsEmpty());
}

TEST(PartialFile, ReplacesAnOlderFileOnCommit) {
  const TemporaryFolder folder;
  const auto file = PartialFile::Create(folder.Write("film.mp4", "old"));
  ASSERT_TRUE((*file)->Write("new").ok());
  EXPECT_EQ(ReadFile(folder.path() / "film.mp4"), "old");
  EXPECT_TRUE((*file)->Commit().ok());
  EXPECT_EQ(ReadFile(folder.path() / "film.mp4"), "new");
}

TEST(PartialFile, WithoutCommitLeavesTheOlderFileAndNothingElse) {
  const TemporaryFolder folder;
  folder.Write("film.mp4", "old");
  EXPECT_TRUE(PartialFile::Create(folder.path() / "film.mp4").ok());
  EXPECT_EQ(ReadFile(folder.path() / "film.mp4"), "old");
  EXPECT_THAT(PartFiles(folder.path()), IsEmpty());
}

TEST(PartialFile, IsWrittenByOneAtATime) {
  const TemporaryFolder folder;
  const auto first = PartialFile::Create(folder.path() / "film.mp4");
  ASSERT_TRUE((*first)->Write("abc").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(PartialFile::Create(folder.path() / "film.mp4").status()));
  EXPECT_TRUE(absl::IsAlreadyExists(PartialFile::Reopen(folder.path() / "film.mp4").status()));
  EXPECT_EQ(ReadFile(folder.path() / "film.mp4.part"), "abc");
}

TEST(PartialFile, BeginsAnewWhereAnotherWasKilled) {
  const TemporaryFolder folder;
  folder.Write("film.mp4.part", "half");
  const auto file = PartialFile::Create(folder.path() / "film.mp4");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(ReadFile(folder.path() / "film.mp4.part"), "");
}

TEST(PartialFile, GoesOnWithWhatWasKept) {
  const TemporaryFolder folder;
  {
    const auto file = PartialFile::Create(folder.path() / "film.mp4");
    ASSERT_TRUE((*file)->Write("abc").ok());
    (*file)->Keep();
  }
  const auto file = PartialFile::Reopen(folder.path() / "film.mp4");
  ASSERT_TRUE((*file)->Write("def").ok());
  ASSERT_TRUE((*file)->Commit().ok());
  EXPECT_EQ(ReadFile(folder.path() / "film.mp4"), "abcdef");
}

TEST(PartialFile, RefusesAPartThatIsNoRegularFile) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "film.mp4.part");
  EXPECT_THAT(CreateError(folder.path() / "film.mp4"), HasSubstr("cannot make"));
}

TEST(PartialFile, NamesAFolderThatDoesNotExist) {
  const TemporaryFolder folder;
  EXPECT_THAT(CreateError(folder.path() / "none" / "film.mp4"), HasSubstr("there is no folder"));
}

TEST(PartialFile, RefusesAFolderAsItsName) {
  const TemporaryFolder folder;
  EXPECT_THAT(CreateError(folder.path()), HasSubstr("is a folder"));
  EXPECT_THAT(CreateError(folder.path().string() + "/"), HasSubstr("is a folder"));
}

TEST(PartialFile, NeedsAName) {
  EXPECT_EQ(CreateError(""), "the name is empty; name a file");
}

TEST(PartialFile, RefusesToReplaceADevice) {
  EXPECT_THAT(CreateError("/dev/null"), HasSubstr("is no regular file"));
}

TEST(PartialFile, RefusesAFolderThatTakesNoFiles) {
  EXPECT_THAT(CreateError("/proc/film.mp4"), HasSubstr("cannot make /proc/film.mp4.part"));
}

TEST(PartialFile, SaysThatItCannotWrite) {
  const TemporaryFolder folder;
  const auto file = PartialFile::Create(folder.path() / "film.mp4");
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {.rlim_cur = 4, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const absl::Status status = (*file)->Write("abcdefgh");
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write"));
}

TEST(PartialFile, SaysThatItCannotBeRenamed) {
  const TemporaryFolder folder;
  const auto file = PartialFile::Create(folder.path() / "film.mp4");
  std::filesystem::create_directory(folder.path() / "film.mp4");
  EXPECT_THAT(std::string((*file)->Commit().message()), HasSubstr("cannot rename"));
}

}  // namespace
}  // namespace ruyi::client
