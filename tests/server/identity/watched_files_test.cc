#include "server/identity/watched_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

TEST(WatchedFilesTest, NoticesNewFilesAndThoseThatGo) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "file";
  WatchedFiles files({path.string(), ""});
  EXPECT_TRUE(files.HaveChanged());
  EXPECT_FALSE(files.HaveChanged());
  folder.Write("file", "text");
  EXPECT_TRUE(files.HaveChanged());
  EXPECT_FALSE(files.HaveChanged());
  std::filesystem::remove(path);
  EXPECT_TRUE(files.HaveChanged());
}

TEST(WatchedFilesTest, NoticesAnotherFileOfTheSameSizeAndTime) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.Write("file", "text");
  const std::filesystem::path other = folder.Write("other", "TEXT");
  std::filesystem::last_write_time(other, std::filesystem::last_write_time(path));
  WatchedFiles files({path.string()});
  EXPECT_TRUE(files.HaveChanged());
  std::filesystem::rename(other, path);
  EXPECT_TRUE(files.HaveChanged());
}

// As Kubernetes swaps a folder of secrets.
TEST(WatchedFilesTest, NoticesALinkThatLeadsElsewhere) {
  const TemporaryFolder folder;
  folder.Write("1", "text");
  folder.Write("2", "text");
  std::filesystem::create_symlink("1", folder.path() / "link");
  WatchedFiles files({(folder.path() / "link").string()});
  EXPECT_TRUE(files.HaveChanged());
  std::filesystem::create_symlink("2", folder.path() / "next");
  std::filesystem::rename(folder.path() / "next", folder.path() / "link");
  EXPECT_TRUE(files.HaveChanged());
}

}  // namespace
}  // namespace ruyi
