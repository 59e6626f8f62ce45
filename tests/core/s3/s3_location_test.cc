#include "core/s3/s3_location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

absl::StatusOr<S3Location> Parse(const std::string& url, const std::map<std::string, std::string>& variables = {}) {
  return ParseS3Url(url, [&variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found != variables.end() ? std::optional(found->second) : std::nullopt;
  });
}

TEST(S3Location, IsAwsWithoutAnEndpoint) {
  ASSERT_OK_AND_ASSIGN(const S3Location location, Parse("s3://films/ruyi/one?region=eu-west-1"));
  EXPECT_EQ(location.bucket, "films");
  EXPECT_EQ(location.prefix, "ruyi/one/");
  EXPECT_EQ(location.region, "eu-west-1");
  EXPECT_EQ(location.scheme, "https");
  EXPECT_EQ(location.host, "films.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(location.key_path, "/");
}

TEST(S3Location, NamesABucketWithDotsInThePath) {
  ASSERT_OK_AND_ASSIGN(const S3Location location, Parse("s3://films.example.com", {{"AWS_REGION", "us-west-2"}}));
  EXPECT_EQ(location.prefix, "");
  EXPECT_EQ(location.host, "s3.us-west-2.amazonaws.com");
  EXPECT_EQ(location.key_path, "/films.example.com/");
}

TEST(S3Location, TakesTheEndpointThatIsNamed) {
  ASSERT_OK_AND_ASSIGN(const S3Location location, Parse("s3://films/?endpoint=http://Minio.Local:9000/"));
  EXPECT_EQ(location.scheme, "http");
  EXPECT_EQ(location.host, "minio.local:9000");
  EXPECT_EQ(location.key_path, "/films/");
  EXPECT_EQ(location.region, "us-east-1");
  EXPECT_EQ(Parse("s3://films?endpoint=https://h&region=r")->region, "r");
}

TEST(S3Location, TakesTheRegionOfTheEnvironment) {
  EXPECT_EQ(Parse("s3://films", {{"AWS_DEFAULT_REGION", "a"}})->region, "a");
  EXPECT_EQ(Parse("s3://films", {{"AWS_DEFAULT_REGION", "a"}, {"AWS_REGION", "b"}})->region, "b");
  EXPECT_EQ(Parse("s3://films?region=c", {{"AWS_REGION", "b"}})->region, "c");
}

TEST(S3Location, SaysWhatIsWrong) {
  const std::map<std::string, std::string> wrong = {
      {"http://films", "does not begin with s3://"},
      {"s3://", "'' is no name of a bucket"},
      {"s3://ab", "'ab' is no name of a bucket"},
      {"s3://Films", "'Films' is no name of a bucket"},
      {"s3://films/a/../b", "the prefix has the part '..'"},
      {"s3://films/./b", "the prefix has the part '.'"},
      {"s3://films?acl=public", "'acl' is not known"},
      {"s3://films?region=", "'region' must have one value"},
      {"s3://films?region=a&region=b", "'region' must have one value"},
      {"s3://films?endpoint=host:9000", "the endpoint 'host:9000' is no address"},
      {"s3://films?endpoint=http://", "the endpoint 'http://' is no address"},
      {"s3://films?endpoint=http://user@host", "is no address"},
      {"s3://films?endpoint=http://host/path", "is no address"},
      {"s3://films", "the region is not known"},
  };
  for (const auto& [url, message] : wrong)
    EXPECT_THAT(Parse(url), StatusIs(StatusCode::kInvalidArgument, HasSubstr(message))) << url;
}

TEST(S3Location, KnowsItsUrlsByTheirScheme) {
  EXPECT_TRUE(IsS3Url("s3://x"));
  EXPECT_FALSE(IsS3Url("/s3://x"));
  EXPECT_FALSE(IsS3Url("s3"));
}

}  // namespace
}  // namespace ruyi
