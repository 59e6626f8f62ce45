// Tests which requests S3Client sends again, and when it gives up.
#include "core/s3/s3_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/http/fake_http_client.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;

// Gives another key each time that the last one has expired.
class CountingCredentials final : public CredentialsProvider {
 public:
  absl::StatusOr<AwsCredentials> Get() override {
    if (!error.ok())
      return error;
    return AwsCredentials{.access_key_id = "KEY" + std::to_string(expired), .secret_access_key = "secret"};
  }
  void Expire() override { ++expired; }

  int expired = 0;
  absl::Status error;
};

class S3ClientTest : public testing::Test {
 protected:
  S3ClientTest() {
    auto http = std::make_unique<FakeHttpClient>();
    http_ = http.get();
    auto credentials = std::make_unique<CountingCredentials>();
    credentials_ = credentials.get();
    client_ = std::make_unique<S3Client>(S3Client::Parts{
        .location = *ParseS3Url("s3://films/p?endpoint=http://host:1", [](const std::string&) { return std::nullopt; }),
        .http = std::move(http),
        .credentials = std::move(credentials),
        .clock = &clock_,
        .wait = [this](absl::Duration wait) { waits_.push_back(wait); }});
  }
  ~S3ClientTest() override { EXPECT_FALSE(http_->has_answers_left()); }

  std::string HeaderOf(size_t request, const std::string& name) const {
    const auto& headers = http_->sent().at(request).request.headers;
    const auto found = headers.find(name);
    return found != headers.end() ? found->second : "";
  }

  FakeClock clock_;
  FakeHttpClient* http_ = nullptr;
  CountingCredentials* credentials_ = nullptr;
  std::vector<absl::Duration> waits_;
  std::unique_ptr<S3Client> client_;
};

TEST_F(S3ClientTest, SignsTheDigestOfEveryBodyAndSendsItsChecksum) {
  http_->Answer(200, "", {{"etag", "\"e\""}});
  http_->Answer(200, "bytes", {{"etag", "\"f\""}});
  EXPECT_EQ(*client_->Put("k", "123456789", S3Condition::IfAbsent()), "\"e\"");
  EXPECT_EQ(client_->Get("k")->etag, "\"f\"");
  EXPECT_EQ(http_->sent()[0].request.url, "http://host:1/films/p/k");
  EXPECT_EQ(http_->sent()[0].body, "123456789");
  EXPECT_EQ(HeaderOf(0, "host"), "host:1");
  EXPECT_EQ(HeaderOf(0, "x-amz-checksum-crc32c"), "4waSgw==");
  EXPECT_EQ(HeaderOf(0, "x-amz-content-sha256"), "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
  EXPECT_EQ(HeaderOf(0, "if-none-match"), "*");
  EXPECT_THAT(HeaderOf(0, "authorization"), HasSubstr("if-none-match;x-amz-checksum-crc32c;x-amz-content-sha256;"));
  EXPECT_EQ(HeaderOf(1, "x-amz-content-sha256"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(S3ClientTest, SendsAgainWhatTheServerCouldNotDo) {
  http_->Refuse(503, "SlowDown");
  http_->CutConnection();
  http_->Refuse(400, "RequestTimeout");
  http_->Answer(200, "bytes");
  EXPECT_EQ(client_->Get("k")->bytes, "bytes");
  EXPECT_THAT(waits_, ElementsAre(AllOf(Ge(absl::Milliseconds(1)), Le(absl::Milliseconds(200))),
                                  AllOf(Ge(absl::Milliseconds(1)), Le(absl::Milliseconds(400))),
                                  AllOf(Ge(absl::Milliseconds(1)), Le(absl::Milliseconds(800)))));
}

TEST_F(S3ClientTest, GivesUpAfterFourAttempts) {
  for (const int status : {500, 502, 429, 503})
    http_->Answer(status, "<html>not S3 at all");
  const auto object = client_->Get("k");
  EXPECT_THAT(object, StatusIs(StatusCode::kUnavailable, HasSubstr("busy or broken")));
  EXPECT_THAT(object, HasReason("STORE_UNAVAILABLE"));
  EXPECT_TRUE(GetErrorInfo(object.status()).retry_delay.has_value());
}

TEST_F(S3ClientTest, SaysWhereItCannotGetTo) {
  for (int i = 0; i < 4; ++i)
    http_->CutConnection();
  EXPECT_THAT(client_->Check(), StatusIs(StatusCode::kUnavailable,
                                         HasSubstr("cannot reach S3 at host:1: connection reset; look at the")));
}

TEST_F(S3ClientTest, StopsSendingAgainWhileTheServerIsAway) {
  constexpr int kCalls = 10;
  for (int i = 0; i < kCalls + RetryBudget::kMostRetries; ++i)
    http_->CutConnection();
  for (int i = 0; i < kCalls; ++i)
    EXPECT_THAT(client_->Check(), HasReason("STORE_UNAVAILABLE"));
  EXPECT_THAT(waits_, SizeIs(RetryBudget::kMostRetries));
  http_->Answer(200);
  EXPECT_THAT(client_->Check(), IsOk());
  http_->CutConnection();
  http_->Answer(200);
  EXPECT_THAT(client_->Check(), IsOk()) << "a success allows one more";
}

TEST_F(S3ClientTest, DoesNotSendAgainWhatWouldBeRefusedAgain) {
  http_->Refuse(403, "AccessDenied");
  EXPECT_THAT(client_->Get("k"), StatusIs(StatusCode::kUnavailable, HasSubstr("S3 denies access to the bucket")));
  http_->Refuse(412, "PreconditionFailed");
  EXPECT_THAT(client_->Put("k", "v", S3Condition::IfAbsent()), StatusIs(StatusCode::kFailedPrecondition));
  http_->Refuse(409, "ConditionalRequestConflict");
  EXPECT_THAT(client_->Put("k", "v", S3Condition::IfAbsent()), StatusIs(StatusCode::kFailedPrecondition));
  http_->Refuse(404, "NoSuchKey");
  EXPECT_THAT(client_->Put("k", "v", S3Condition::IfUnchanged("e")), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(waits_, IsEmpty());
}

TEST_F(S3ClientTest, SignsByTheServersClockOnceItKnowsIt) {
  const absl::Time server_time = clock_.Now() + absl::Hours(5);
  const std::string date = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", server_time, absl::UTCTimeZone());
  http_->Refuse(403, "RequestTimeTooSkewed", {{"date", date}});
  http_->Answer(200);
  http_->Answer(200);
  EXPECT_THAT(client_->Check(), IsOk());
  EXPECT_THAT(client_->Check(), IsOk());
  const std::string signed_time = absl::FormatTime("%Y%m%dT%H%M%SZ", server_time, absl::UTCTimeZone());
  EXPECT_NE(HeaderOf(0, "x-amz-date"), signed_time);
  EXPECT_EQ(HeaderOf(1, "x-amz-date"), signed_time);
  EXPECT_EQ(HeaderOf(2, "x-amz-date"), signed_time);
  EXPECT_THAT(waits_, IsEmpty());
}

TEST_F(S3ClientTest, GivesUpWhereTheServersClockChangesNothing) {
  const std::string date = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", clock_.Now(), absl::UTCTimeZone());
  http_->Refuse(403, "RequestTimeTooSkewed", {{"date", date}});
  EXPECT_THAT(client_->Check(), StatusIs(StatusCode::kUnavailable, HasSubstr("set them by NTP")));
  http_->Refuse(403, "RequestTimeTooSkewed");
  EXPECT_THAT(client_->Check(), HasReason("STORE_UNAVAILABLE"));
}

TEST_F(S3ClientTest, TakesNewCredentialsWhenTheseHaveExpired) {
  http_->Refuse(400, "ExpiredToken");
  http_->Answer(200);
  EXPECT_THAT(client_->Check(), IsOk());
  EXPECT_THAT(HeaderOf(0, "authorization"), HasSubstr("Credential=KEY0/"));
  EXPECT_THAT(HeaderOf(1, "authorization"), HasSubstr("Credential=KEY1/"));
}

TEST_F(S3ClientTest, SaysWhyThereAreNoCredentials) {
  credentials_->error = absl::UnavailableError("no token");
  EXPECT_THAT(client_->Check(), StatusIs(StatusCode::kUnavailable, "no token"));
  EXPECT_THAT(client_->Check(), HasReason("STORE_UNAVAILABLE"));
}

TEST_F(S3ClientTest, CutsTheRangeOutWhereTheServerKnowsNone) {
  http_->Answer(200, "0123456789");
  EXPECT_EQ(*client_->GetRange("k", 3, 4), "3456");
  http_->Answer(200, "0123");
  EXPECT_EQ(*client_->GetRange("k", 6, 4), "");
  EXPECT_EQ(HeaderOf(0, "range"), "bytes=3-6");
}

TEST_F(S3ClientTest, SaysThatTheServerIsNoS3) {
  http_->Answer(200, "<html>welcome</html>");
  EXPECT_THAT(client_->List(""), StatusIs(StatusCode::kUnavailable, HasSubstr("does not answer as S3 does")));
}

}  // namespace
}  // namespace ruyi
