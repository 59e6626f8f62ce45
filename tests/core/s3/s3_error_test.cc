#include "core/s3/s3_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

const S3Location kLocation = {
    .bucket = "films", .region = "us-east-1", .scheme = "https", .host = "h", .key_path = "/"};

absl::Status StatusOfAnswer(int status, const std::string& code, std::map<std::string, std::string> headers = {},
                            const std::string& more = "") {
  const HttpResponse response = {
      .status = status,
      .headers = std::move(headers),
      .body = "<Error><Code>" + code + "</Code><Message>so it is</Message>" + more + "</Error>"};
  return StatusOfRefusal(RefusalOf(response), kLocation);
}

TEST(S3Error, SaysWhatAnOperatorCanDo) {
  const std::vector<std::tuple<int, std::string, std::string>> advice = {
      {404, "NoSuchBucket", "h has no bucket 'films': make it, or correct --artifacts"},
      {403, "InvalidAccessKeyId", "does not know the access key: look at the credentials"},
      {403, "SignatureDoesNotMatch", "the secret does not fit the access key"},
      {403, "AccessDenied", "allow the server's credentials s3:ListBucket, s3:GetObject"},
      {400, "ExpiredToken", "the session of the credentials has expired"},
      {403, "RequestTimeTooSkewed", "the clocks of this machine and of S3 are too far apart"},
      {503, "SlowDown", "busy or broken"},
      {400, "InvalidArgument", "S3 refuses a request that was expected to be good"},
  };
  for (const auto& [code, name, message] : advice) {
    const absl::Status status = StatusOfAnswer(code, name);
    EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable, HasSubstr(message)));
    EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable, HasSubstr(name + ": so it is")));
    EXPECT_THAT(status, HasReason("STORE_UNAVAILABLE"));
  }
}

TEST(S3Error, NamesTheRegionOfTheBucketWhereItIsKnown) {
  EXPECT_THAT(std::string(StatusOfAnswer(301, "PermanentRedirect", {{"x-amz-bucket-region", "eu-west-1"}}).message()),
              HasSubstr("is not in the region us-east-1: add region=eu-west-1 to --artifacts"));
  EXPECT_THAT(
      std::string(StatusOfAnswer(400, "AuthorizationHeaderMalformed", {}, "<Region>eu-west-3</Region>").message()),
      HasSubstr("add region=eu-west-3"));
  EXPECT_THAT(std::string(StatusOfAnswer(301, "PermanentRedirect").message()), HasSubstr("add region=NAME"));
}

TEST(S3Error, TellsStoresWhatTheyMustKnow) {
  EXPECT_THAT(StatusOfAnswer(404, "NoSuchKey"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(StatusOfAnswer(412, "PreconditionFailed"), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(StatusOfAnswer(409, "ConditionalRequestConflict"), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(StatusOfAnswer(416, "InvalidRange"), StatusIs(StatusCode::kOutOfRange));
}

TEST(S3Error, ReadsAnswersThatAreNoXml) {
  const S3Refusal refusal = RefusalOf({.status = 502, .headers = {}, .body = "<html><h1>Bad Gateway"});
  EXPECT_EQ(refusal.code, "");
  EXPECT_EQ(refusal.remedy, S3Remedy::kWait);
  EXPECT_EQ(RefusalOf({.status = 400, .headers = {}, .body = ""}).remedy, S3Remedy::kNone);
}

}  // namespace
}  // namespace ruyi
