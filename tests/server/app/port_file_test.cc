#include "server/app/port_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(WritePortFile, WritesAllPortsAndLeavesNothingElse) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "ports";
  EXPECT_THAT(WritePortFile(path, {1, 23, 0}), IsOk());
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "1\n23\n0\n");
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".part"));
}

TEST(WritePortFile, SaysWhyItCannotBeWritten) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "none" / "ports";
  EXPECT_THAT(WritePortFile(path, {1, 2}),
              StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr(path.string()), HasSubstr("No such file"))));
}

TEST(WritePortFile, LeavesNothingWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "ports";
  std::filesystem::create_symlink("/dev/full", path.string() + ".part");
  EXPECT_THAT(WritePortFile(path, {1, 2}), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("No space left")));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(WritePortFile, LeavesNothingWhenTheNameIsTaken) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "ports";
  std::filesystem::create_directory(path);
  EXPECT_THAT(WritePortFile(path, {1, 2}), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("directory")));
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".part"));
}

}  // namespace
}  // namespace ruyi
