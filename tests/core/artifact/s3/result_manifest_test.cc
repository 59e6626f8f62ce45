#include "core/artifact/s3/result_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/str_replace.h"
#include "core/digest/crc32c.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ResultManifest SomeManifest() {
  return {.run = "00ff",
          .token = std::numeric_limits<int64_t>::max(),
          .pieces = {{.name = "a1", .size_bytes = kPieceBlockBytes + 1, .crc32c = {1, 0xffffffff}},
                     {.name = "b2", .size_bytes = 3, .crc32c = {7}}},
          .sha256 = std::string(32, '\x9c')};
}

TEST(ResultManifest, IsReadAsItWasWritten) {
  ResultManifest manifest = SomeManifest();
  EXPECT_EQ(*ParseManifest(FormatManifest(manifest), "job"), manifest);
  EXPECT_EQ(manifest.size_bytes(), kPieceBlockBytes + 4);
  EXPECT_TRUE(manifest.is_sealed());
  manifest.sha256.clear();
  manifest.pieces.clear();
  EXPECT_EQ(*ParseManifest(FormatManifest(manifest), "job"), manifest);
  EXPECT_FALSE(manifest.is_sealed());
}

TEST(ResultManifest, FindsEveryChangedByte) {
  const std::string text = FormatManifest(SomeManifest());
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    const auto manifest = ParseManifest(changed, "job");
    EXPECT_TRUE(!manifest.ok() || *manifest == SomeManifest()) << changed;
    EXPECT_EQ(GetErrorInfo(manifest.status()).reason, manifest.ok() ? "" : "ARTIFACT_CORRUPT") << changed;
  }
}

// A manifest with these values would be another's, or of a later version.
TEST(ResultManifest, RefusesValuesThatCannotBe) {
  const auto refuses = [](const std::string& from, const std::string& to) {
    std::string text = FormatManifest(SomeManifest());
    text.erase(text.rfind('\n'));
    const size_t check = text.find("\"check\":");
    text.erase(check, text.find(',', check) + 1 - check);
    text = absl::StrReplaceAll(text, {{from, to}});
    text.insert(1, "\"check\":" + std::to_string(Crc32c(text)) + ",");
    return !ParseManifest(text, "job").ok();
  };
  EXPECT_FALSE(refuses("\"b2\"", "\"b3\"")) << "the test makes a good checksum";
  EXPECT_TRUE(refuses("\"version\":1", "\"version\":2"));
  EXPECT_TRUE(refuses("\"00ff\"", "\"../x\""));
  EXPECT_TRUE(refuses("\"b2\"", "\"b/2\""));
  EXPECT_TRUE(refuses("\"size_bytes\":3", "\"size_bytes\":0"));
  EXPECT_TRUE(refuses("\"size_bytes\":3", "\"size_bytes\":300000"));
  EXPECT_TRUE(refuses("[7]", "[4294967296]"));
  EXPECT_TRUE(refuses("[7]", "[-7]"));
  EXPECT_TRUE(refuses("9c9c", "9C9C"));
  EXPECT_TRUE(refuses("\"pieces\":[", "\"parts\":["));
}

TEST(BlockChecksums, HaveOneForEachBlock) {
  EXPECT_THAT(BlockChecksums(""), IsEmpty());
  EXPECT_THAT(BlockChecksums("x"), ElementsAre(Crc32c("x")));
  const std::string block(kPieceBlockBytes, 'b');
  EXPECT_THAT(BlockChecksums(block), ElementsAre(Crc32c(block)));
  EXPECT_THAT(BlockChecksums(block + "x"), ElementsAre(Crc32c(block), Crc32c("x")));
}

}  // namespace
}  // namespace ruyi
