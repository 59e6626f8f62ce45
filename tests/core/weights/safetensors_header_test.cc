// Tests what safetensors_file_test.cc does not show of the header: metadata, and writing.
#include "core/weights/safetensors_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/weights/safetensors_bytes.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(SafetensorsHeader, IsReadAsWritten) {
  SafetensorsHeader header;
  header.metadata = {{"format", "pt"}};
  header.entries["a"] = {.dtype = c10::kBFloat16, .shape = {2, 3}, .begin = 0, .end = 12};
  header.entries["b"] = {.dtype = c10::kByte, .shape = {0}, .begin = 12, .end = 12};
  const std::string bytes = SafetensorsHeaderBytes(header);
  ASSERT_OK_AND_ASSIGN(const SafetensorsHeader read, ParseSafetensorsHeader(bytes + std::string(12, 'x')));
  EXPECT_EQ(read.data_begin, bytes.size());
  EXPECT_EQ(read.metadata, header.metadata);
  ASSERT_EQ(read.entries.size(), 2);
  for (const auto& [name, entry] : header.entries) {
    EXPECT_EQ(read.entries.at(name).dtype, entry.dtype);
    EXPECT_EQ(read.entries.at(name).shape, entry.shape);
    EXPECT_EQ(read.entries.at(name).begin, entry.begin);
    EXPECT_EQ(read.entries.at(name).end, entry.end);
  }
}

TEST(SafetensorsHeader, EndsAtAMultipleOfEightBytes) {
  SafetensorsHeader header;
  for (int length = 0; length < 9; ++length) {
    header.metadata["key"] = std::string(length, 'v');
    EXPECT_EQ(SafetensorsHeaderBytes(header).size() % 8, 0) << length;
  }
}

TEST(SafetensorsHeader, LeavesOutMetadataThatAreNotTexts) {
  EXPECT_THAT(ParseSafetensorsHeader(SafetensorsBytes(R"({"__metadata__":{"a":"b","c":1,"d":null}})", ""))->metadata,
              ElementsAre(Pair("a", "b")));
  for (const std::string_view header : {"{}", R"({"__metadata__":7})", R"({"__metadata__":["a"]})"})
    EXPECT_THAT(ParseSafetensorsHeader(SafetensorsBytes(header, ""))->metadata, IsEmpty()) << header;
}

}  // namespace
}  // namespace ruyi
