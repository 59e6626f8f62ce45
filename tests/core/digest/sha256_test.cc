#include "core/digest/sha256.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"

namespace ruyi {
namespace {

// FIPS 180-4, examples of the appendix.
constexpr char kOfAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr char kOfNothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Sha256, KnowsTheExamplesOfTheStandard) {
  EXPECT_EQ(Sha256Hex("abc"), kOfAbc);
  EXPECT_EQ(Sha256Hex(""), kOfNothing);
}

TEST(Sha256, TakesBytesPieceByPiece) {
  Sha256 sha256;
  sha256.Update("a");
  sha256.Update("");
  sha256.Update("bc");
  EXPECT_EQ(absl::BytesToHexString(sha256.Finish()), kOfAbc);
}

}  // namespace
}  // namespace ruyi
