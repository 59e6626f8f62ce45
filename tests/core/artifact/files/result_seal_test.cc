#include "core/artifact/files/result_seal.h"

#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "core/digest/crc32c.h"
#include "tests/core/artifact/artifact_store_conformance.h"

namespace ruyi {
namespace {

ResultSeal SealOf(std::string_view bytes, size_t step) {
  SealMaker maker;
  for (size_t offset = 0; offset < bytes.size(); offset += step)
    maker.Add(bytes.substr(offset, step));
  return maker.Finish();
}

TEST(ResultSeal, HasADigestAndAChecksumOfEachBlock) {
  const std::string bytes = SomeBytes(2 * kSealBlockBytes + 1);
  for (const size_t step : {size_t{100'003}, static_cast<size_t>(kSealBlockBytes), bytes.size()}) {
    const ResultSeal seal = SealOf(bytes, step);
    EXPECT_EQ(seal.digest, DigestOf(bytes));
    ASSERT_EQ(seal.crc32c.size(), 3u);
    EXPECT_EQ(seal.crc32c[1], Crc32c(std::string_view(bytes).substr(kSealBlockBytes, kSealBlockBytes)));
    EXPECT_EQ(seal.crc32c[2], Crc32c(std::string_view(bytes).substr(2 * kSealBlockBytes)));
  }
}

TEST(ResultSeal, IsReadAsItWasWritten) {
  for (const size_t size : {size_t{0}, size_t{1}, static_cast<size_t>(kSealBlockBytes), size_t{600'000}}) {
    const ResultSeal seal = SealOf(SomeBytes(size), 1 << 20);
    ASSERT_OK_AND_ASSIGN(const ResultSeal read, ParseSeal(FormatSeal(seal), "job.mp4"));
    EXPECT_EQ(read.digest, seal.digest);
    EXPECT_EQ(read.crc32c, seal.crc32c);
  }
}

TEST(ResultSeal, IsRefusedWhenItIsCutShort) {
  const std::string text = FormatSeal(SealOf(SomeBytes(600'000), 1 << 20));
  for (size_t size = 0; size < text.size() - 1; ++size)
    EXPECT_THAT(ParseSeal(text.substr(0, size), "job.mp4"), HasReason("ARTIFACT_CORRUPT")) << size;
}

TEST(ResultSeal, IsRefusedWhenAnyPartChanges) {
  const ResultSeal seal = SealOf("bytes", 10);
  const std::string text = FormatSeal(seal);
  const std::string crc32c = std::to_string(seal.crc32c[0]);
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"\"version\":1", "\"version\":2"},
      {"\"size_bytes\":5", "\"size_bytes\":6"},
      {"\"size_bytes\":5", "\"size_bytes\":-5"},
      {"\"size_bytes\":5", "\"size_bytes\":300000"},
      {"\"sha256\":\"", "\"sha256\":\"00"},
      {"\"sha256\":\"", "\"sha\":\""},
      {"[" + crc32c + "]", "[]"},
      {"[" + crc32c + "]", "[4294967296]"},
      {"[" + crc32c + "]", "[1]"},
      {"\"check\":", "\"check\":1"},
  };
  for (const auto& [from, to] : changes) {
    const std::string changed = absl::StrReplaceAll(text, {{from, to}});
    ASSERT_NE(changed, text) << from;
    EXPECT_THAT(ParseSeal(changed, "job.mp4"), StatusIs(absl::StatusCode::kDataLoss)) << changed;
    EXPECT_THAT(ParseSeal(changed, "job.mp4"), HasReason("ARTIFACT_CORRUPT")) << changed;
  }
}

}  // namespace
}  // namespace ruyi
