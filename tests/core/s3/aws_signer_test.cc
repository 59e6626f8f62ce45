// Compares signatures with those that AWS has published: the test suite of Signature Version 4 (service "service"), and
// the examples in the documents of S3 (service "s3").
#include "core/s3/aws_signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "core/digest/sha256.h"

namespace ruyi {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// Returns the authorization of a request of the test suite.
std::string OfSuite(AwsRequest request, const std::string& session_token = "") {
  request.headers["host"] = "example.amazonaws.com";
  request.payload_sha256 = Sha256Hex("");
  SignRequest({.time = absl::FromCivil(absl::CivilSecond(2015, 8, 30, 12, 36, 0), absl::UTCTimeZone()),
               .region = "us-east-1",
               .service = "service"},
              {.access_key_id = "AKIDEXAMPLE",
               .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
               .session_token = session_token},
              request);
  return request.headers["authorization"];
}

// Returns the authorization of an example of S3's documents.
std::string OfS3(AwsRequest request, const std::string& body = "") {
  request.headers["host"] = "examplebucket.s3.amazonaws.com";
  request.payload_sha256 = Sha256Hex(body);
  request.headers["x-amz-content-sha256"] = request.payload_sha256;
  SignRequest(
      {.time = absl::FromCivil(absl::CivilSecond(2013, 5, 24), absl::UTCTimeZone()),
       .region = "us-east-1",
       .service = "s3"},
      {.access_key_id = "AKIAIOSFODNN7EXAMPLE", .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
      request);
  return request.headers["authorization"];
}

TEST(AwsSigner, SignsGetVanilla) {
  EXPECT_EQ(OfSuite({.method = "GET"}),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(AwsSigner, SignsPostVanilla) {
  EXPECT_THAT(OfSuite({.method = "POST"}),
              EndsWith("Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
}

TEST(AwsSigner, SortsTheQuery) {
  EXPECT_THAT(OfSuite({.method = "GET", .path = "/", .query = {{"Param2", "value2"}, {"Param1", "value1"}}}),
              EndsWith("Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
}

TEST(AwsSigner, EncodesThePath) {
  EXPECT_THAT(OfSuite({.method = "GET", .path = "/\u1234"}),
              EndsWith("Signature=8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"));
}

TEST(AwsSigner, SignsTheSessionToken) {
  const std::string token =
      "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt"
      "hAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVX"
      "AkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/"
      "oLxBA==";
  EXPECT_THAT(OfSuite({.method = "POST"}, token),
              EndsWith("Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"));
}

TEST(AwsSigner, SignsGetObject) {
  EXPECT_THAT(OfS3({.method = "GET", .path = "/test.txt", .query = {}, .headers = {{"range", "bytes=0-9"}}}),
              EndsWith("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
}

TEST(AwsSigner, SignsPutObject) {
  EXPECT_THAT(
      OfS3({.method = "PUT",
            .path = "/test$file.text",
            .query = {},
            .headers = {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}},
           "Welcome to Amazon S3."),
      EndsWith("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(AwsSigner, SignsANameInTheQueryWithoutAValue) {
  EXPECT_THAT(OfS3({.method = "GET", .path = "/", .query = {{"lifecycle", ""}}}),
              EndsWith("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST(AwsSigner, SignsListObjects) {
  EXPECT_THAT(OfS3({.method = "GET", .path = "/", .query = {{"prefix", "J"}, {"max-keys", "2"}}}),
              EndsWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(AwsSigner, TakesSpacesOutOfHeaders) {
  const AwsRequest request = {.method = "GET", .path = "/", .query = {}, .headers = {{"my-header", "  a   b  c "}}};
  EXPECT_THAT(CanonicalRequest(request), HasSubstr("\nmy-header:a b c\n"));
}

}  // namespace
}  // namespace ruyi
