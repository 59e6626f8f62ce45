#include "core/base/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

TEST(ReadTextFile, GivesTheWholeText) {
  const TemporaryFolder folder;
  EXPECT_EQ(*ReadTextFile(folder.Write("text", "one\ntwo\n")), "one\ntwo\n");
}

TEST(ReadTextFile, SaysWhatIsWrongWithWhichFile) {
  const TemporaryFolder folder;
  const std::string empty = folder.Write("empty", "");
  const std::string none = folder.path() / "none";
  EXPECT_THAT(ReadTextFile(empty), StatusIs(absl::StatusCode::kFailedPrecondition, empty + " is empty"));
  EXPECT_THAT(ReadTextFile(none),
              StatusIs(absl::StatusCode::kFailedPrecondition, none + " cannot be read: No such file or directory"));
  EXPECT_THAT(ReadTextFile(folder.path()),
              StatusIs(absl::StatusCode::kFailedPrecondition, testing::HasSubstr("cannot be read: Is a directory")));
}

}  // namespace
}  // namespace ruyi
