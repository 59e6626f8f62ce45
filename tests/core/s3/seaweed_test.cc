// Tests S3Client against SeaweedFS, which checks signatures.
#include "tests/core/s3/seaweed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/http/curl_http_client.h"
#include "tests/core/http/patient_options.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::SizeIs;

std::unique_ptr<HttpClient> MakeHttp() {
  return std::make_unique<CurlHttpClient>(PatientOptions());
}

TEST(Seaweed, KeepsReadsAndDeletesObjects) {
  const auto client = Seaweed::Get().ClientOf("objects");
  const std::string bytes("with\0zero", 9);
  ASSERT_THAT(client->Put("a/b", bytes), IsOk());
  EXPECT_EQ(client->Get("a/b")->bytes, bytes);
  EXPECT_EQ(*client->GetRange("a/b", 5, 2), bytes.substr(5, 2));
  EXPECT_EQ(*client->GetRange("a/b", 7, 100), "ro");
  EXPECT_THAT(client->GetRange("a/b", 9, 1), StatusIs(StatusCode::kOutOfRange));
  ASSERT_THAT(client->Delete("a/b"), IsOk());
  EXPECT_THAT(client->Delete("a/b"), IsOk());
  EXPECT_THAT(client->Get("a/b"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(client->GetRange("a/b", 0, 1), StatusIs(StatusCode::kNotFound));
}

TEST(Seaweed, SignsKeysOfAllCharacters) {
  const auto client = Seaweed::Get().ClientOf("strange");
  for (const std::string& key : {std::string("a b+c=d,e:f@g"), std::string("h%20i&j?k"), std::string("l*m~n_o.p-q")}) {
    ASSERT_THAT(client->Put(key, key), IsOk()) << key;
    EXPECT_EQ(client->Get(key)->bytes, key);
  }
  EXPECT_THAT(*client->List(""), SizeIs(3));
}

TEST(Seaweed, WritesOnlyWhenTheConditionHolds) {
  const auto client = Seaweed::Get().ClientOf("conditions");
  ASSERT_OK_AND_ASSIGN(const std::string first, client->Put("x", "one", S3Condition::IfAbsent()));
  EXPECT_THAT(client->Put("x", "two", S3Condition::IfAbsent()), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(client->Get("x")->etag, first);
  ASSERT_OK_AND_ASSIGN(const std::string second, client->Put("x", "two", S3Condition::IfUnchanged(first)));
  EXPECT_THAT(client->Put("x", "three", S3Condition::IfUnchanged(first)), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(client->Put("y", "three", S3Condition::IfUnchanged(second)), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(client->Get("x")->bytes, "two");
}

TEST(Seaweed, ListsMoreObjectsThanAPageHas) {
  const auto client = Seaweed::Get().ClientOf("pages");
  constexpr int kObjects = 1005;
  for (int i = 0; i < kObjects; ++i)
    ASSERT_THAT(client->Put("o/" + std::to_string(10'000 + i), "x"), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::vector<S3Entry> entries, client->List("o/"));
  ASSERT_THAT(entries, SizeIs(kObjects));
  EXPECT_EQ(entries.front().key, "o/10000");
  EXPECT_EQ(entries.back().key, "o/11004");
  EXPECT_EQ(entries.back().size_bytes, 1);
}

TEST(Seaweed, RefusesAWrongSecret) {
  const auto client = Seaweed::Get().ClientOf("secret", MakeHttp(), "wrong");
  const absl::Status status = client->Check();
  EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable, HasSubstr("the secret does not fit the access key")));
  EXPECT_THAT(status, HasReason("STORE_UNAVAILABLE"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("wrong")));
}

TEST(Seaweed, TakesTheServersTimeWhereOurClockIsWrong) {
  const FakeClock years_ago;
  const auto client = Seaweed::Get().ClientOf("clock", MakeHttp(), Seaweed::kSecret, years_ago);
  EXPECT_THAT(client->Put("x", "y"), IsOk());
}

TEST(Seaweed, SaysThatThereIsNoBucket) {
  S3Location location = Seaweed::Get().LocationOf("x");
  location.bucket = "nowhere";
  location.key_path = "/nowhere/";
  class Keys final : public CredentialsProvider {
   public:
    absl::StatusOr<AwsCredentials> Get() override {
      return AwsCredentials{.access_key_id = Seaweed::kAccessKey, .secret_access_key = Seaweed::kSecret};
    }
    void Expire() override {}
  };
  S3Client client({.location = location,
                   .http = MakeHttp(),
                   .credentials = std::make_unique<Keys>(),
                   .clock = &Clock::Real(),
                   .wait = [](absl::Duration) {}});
  EXPECT_THAT(client.Check(), StatusIs(StatusCode::kUnavailable, HasSubstr("no bucket 'nowhere': make it")));
}

}  // namespace
}  // namespace ruyi
