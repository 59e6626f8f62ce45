#include "core/digest/sha256.h"

#include <gtest/gtest.h>

namespace ruyi {
namespace {

// The examples of FIPS 180-4.
constexpr char kOfNothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kOfAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, GivesTheDigestsOfTheStandard) {
  EXPECT_EQ(Sha256Hex(""), kOfNothing);
  EXPECT_EQ(Sha256Hex("abc"), kOfAbc);
}

TEST(Sha256, TakesBytesPieceByPiece) {
  Sha256 digest;
  digest.Add("a");
  digest.Add("");
  digest.Add("bc");
  EXPECT_EQ(digest.Hex(), kOfAbc);
}

TEST(Sha256, TakesZeroBytesAsBytes) {
  EXPECT_NE(Sha256Hex(std::string_view("\0", 1)), kOfNothing);
}

}  // namespace
}  // namespace ruyi
