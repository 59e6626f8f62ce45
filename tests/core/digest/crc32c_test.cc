#include "core/digest/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace ruyi {
namespace {

// RFC 3720, appendix B.4.
TEST(Crc32c, KnowsTheExamplesOfTheStandard) {
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Crc32c, TakesBytesPieceByPiece) {
  EXPECT_EQ(ExtendCrc32c(ExtendCrc32c(Crc32c("1234"), ""), "56789"), 0xe3069283u);
}

}  // namespace
}  // namespace ruyi
