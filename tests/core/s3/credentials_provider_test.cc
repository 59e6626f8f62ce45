#include "core/s3/credentials_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/core/http/fake_http_client.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

class CredentialsProviderTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<CredentialsProvider>> Make() {
    const auto environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found != variables_.end() ? std::optional(found->second) : std::nullopt;
    };
    return MakeCredentialsProvider(environment, "eu-west-1", http_, clock_);
  }

  void UseWebIdentity() {
    variables_ = {{"AWS_WEB_IDENTITY_TOKEN_FILE", folder_.Write("token", "a/token+of=it\n").string()},
                  {"AWS_ROLE_ARN", "arn:aws:iam::1:role/films"}};
  }

  void AnswerWithKeys(const std::string& name, absl::Duration lifetime) {
    http_.Answer(200,
                 "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                 "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>" +
                     name +
                     "</AccessKeyId><SecretAccessKey>s3cret</SecretAccessKey><SessionToken>session</SessionToken>"
                     "<Expiration>" +
                     absl::FormatTime(absl::RFC3339_sec, clock_.Now() + lifetime, absl::UTCTimeZone()) +
                     "</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
                     "</AssumeRoleWithWebIdentityResponse>");
  }

  const TemporaryFolder folder_;
  std::map<std::string, std::string> variables_;
  FakeHttpClient http_;
  FakeClock clock_;
};

TEST_F(CredentialsProviderTest, TakesTheEnvironmentFirst) {
  UseWebIdentity();
  variables_["AWS_ACCESS_KEY_ID"] = "key";
  variables_["AWS_SECRET_ACCESS_KEY"] = "secret";
  variables_["AWS_SESSION_TOKEN"] = "token";
  ASSERT_OK_AND_ASSIGN(const auto provider, Make());
  ASSERT_OK_AND_ASSIGN(const AwsCredentials credentials, provider->Get());
  EXPECT_EQ(credentials.access_key_id, "key");
  EXPECT_EQ(credentials.secret_access_key, "secret");
  EXPECT_EQ(credentials.session_token, "token");
}

TEST_F(CredentialsProviderTest, ReadsTheProfileThatIsNamed) {
  const std::string long_token(3000, 't');
  variables_["AWS_SHARED_CREDENTIALS_FILE"] =
      folder_
          .Write("credentials",
                 "# keys\n[default]\naws_access_key_id = one\naws_secret_access_key=a+b/c==\n\n"
                 "[ films ]\n[films]\n#aws_access_key_id = no\n  aws_access_key_id=two\n"
                 "aws_secret_access_key = two2\naws_session_token = " +
                     long_token + "\n[last]\naws_access_key_id = three\n")
          .string();
  EXPECT_EQ((*Make())->Get()->access_key_id, "one");
  EXPECT_EQ((*Make())->Get()->secret_access_key, "a+b/c==");
  EXPECT_EQ((*Make())->Get()->session_token, "");
  variables_["AWS_PROFILE"] = "films";
  EXPECT_EQ((*Make())->Get()->access_key_id, "two");
  EXPECT_EQ((*Make())->Get()->session_token, long_token);
  variables_["AWS_PROFILE"] = "last";
  EXPECT_THAT(Make(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("the section [last] of")));
}

TEST_F(CredentialsProviderTest, ReadsKeysThatWereChangedMeanwhile) {
  variables_["HOME"] = folder_.path().string();
  folder_.Write(".aws/credentials", "[default]\naws_access_key_id=one\naws_secret_access_key=x\n");
  ASSERT_OK_AND_ASSIGN(const auto provider, Make());
  folder_.Write(".aws/credentials", "[default]\naws_access_key_id=two\naws_secret_access_key=x\n");
  EXPECT_EQ(provider->Get()->access_key_id, "two");
  std::filesystem::remove(folder_.path() / ".aws/credentials");
  EXPECT_THAT(provider->Get(), StatusIs(StatusCode::kUnavailable, HasSubstr("cannot read the credentials")));
}

TEST_F(CredentialsProviderTest, SaysWhatIsMissing) {
  variables_["HOME"] = folder_.path().string();
  EXPECT_THAT(Make(), StatusIs(StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("set AWS_ACCESS_KEY_ID"), HasSubstr("/.aws/credentials"))));
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = "token";
  EXPECT_THAT(Make(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("AWS_ROLE_ARN is not")));
  variables_["AWS_ACCESS_KEY_ID"] = "key";
  EXPECT_THAT(Make(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("AWS_SECRET_ACCESS_KEY is not")));
}

TEST_F(CredentialsProviderTest, FetchesKeysForTheToken) {
  UseWebIdentity();
  AnswerWithKeys("ASIA1", absl::Hours(1));
  ASSERT_OK_AND_ASSIGN(const auto provider, Make());
  ASSERT_OK_AND_ASSIGN(const AwsCredentials credentials, provider->Get());
  EXPECT_EQ(credentials.access_key_id, "ASIA1");
  EXPECT_EQ(credentials.secret_access_key, "s3cret");
  EXPECT_EQ(credentials.session_token, "session");
  EXPECT_EQ(credentials.expire_time, clock_.Now() + absl::Hours(1));
  EXPECT_EQ(http_.sent()[0].request.url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(http_.sent()[0].body,
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Ffilms&RoleSessionName=ruyi-server"
            "&Version=2011-06-15&WebIdentityToken=a%2Ftoken%2Bof%3Dit");
}

TEST_F(CredentialsProviderTest, FetchesNewKeysBeforeTheseExpire) {
  UseWebIdentity();
  variables_["AWS_ENDPOINT_URL_STS"] = "http://sts.local";
  AnswerWithKeys("ASIA1", absl::Hours(1));
  ASSERT_OK_AND_ASSIGN(const auto provider, Make());
  EXPECT_EQ(provider->Get()->access_key_id, "ASIA1");
  clock_.Advance(absl::Minutes(54));
  EXPECT_EQ(provider->Get()->access_key_id, "ASIA1");
  EXPECT_THAT(http_.sent(), SizeIs(1));
  clock_.Advance(absl::Minutes(1));
  http_.CutConnection();
  EXPECT_EQ(provider->Get()->access_key_id, "ASIA1") << "they are good while STS is away";
  AnswerWithKeys("ASIA2", absl::Hours(1));
  EXPECT_EQ(provider->Get()->access_key_id, "ASIA2");
  EXPECT_EQ(http_.sent()[2].request.url, "http://sts.local/");
  provider->Expire();
  http_.CutConnection();
  EXPECT_THAT(provider->Get(), StatusIs(StatusCode::kUnavailable));
}

TEST_F(CredentialsProviderTest, SaysWhyThereAreNoKeysForTheToken) {
  UseWebIdentity();
  http_.Answer(403,
               "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error>"
               "</ErrorResponse>");
  ASSERT_OK_AND_ASSIGN(const auto provider, Make());
  const auto refused = provider->Get();
  EXPECT_THAT(refused,
              StatusIs(StatusCode::kUnavailable, HasSubstr("403 AccessDenied not authorized. Look at the tr")));
  EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("a/token")));
  http_.Answer(200, "<html>a proxy</html>");
  EXPECT_THAT(provider->Get(), StatusIs(StatusCode::kUnavailable, HasSubstr("look at AWS_ENDPOINT_URL_STS")));
  folder_.Write("token", "");
  EXPECT_THAT(provider->Get(), StatusIs(StatusCode::kUnavailable, HasSubstr("there is no token in")));
}

}  // namespace
}  // namespace ruyi
