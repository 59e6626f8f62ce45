#include "server/service/doorkeeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/caller_channel.h"
#include "tests/server/raw_call.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/stream_call.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::UnorderedElementsAreArray;

ServiceOptions WithTokens() {
  ServiceOptions options;
  options.check_token = [](std::string_view token) -> absl::StatusOr<Identity> {
    if (token == "good")
      return Identity{.principal = "ana", .tenant = "film"};
    if (token == "nobody")
      return ErrorWithReason(absl::StatusCode::kPermissionDenied, "no tenant", reason::kNoTenant);
    return ErrorWithReason(absl::StatusCode::kUnauthenticated, "wrong", reason::kCredentialsInvalid);
  };
  return options;
}

class DoorkeeperTest : public testing::Test {
 protected:
  std::shared_ptr<grpc::Channel> With(const std::multimap<std::string, std::string>& metadata) {
    return ConnectWith(service_.port(), metadata);
  }

  grpc::Status Get(const std::multimap<std::string, std::string>& metadata) {
    return GetVideo(With(metadata), "videos/x").status;
  }

  void ExpectRefused(const grpc::Status& status, grpc::StatusCode code, std::string_view reason) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_EQ(DetailsOf(status).reason(), reason);
  }

  // Is called by gRPC's threads.
  void OnRefused(const Doorkeeper::Refusal& refusal) {
    absl::MutexLock lock(&mutex_);
    methods_.push_back(refusal.method);
  }

  std::vector<std::string> methods() {
    absl::MutexLock lock(&mutex_);
    return methods_;
  }

 private:
  ServiceOptions Options() {
    ServiceOptions options = WithTokens();
    options.on_refused = [this](const Doorkeeper::Refusal& refusal) { OnRefused(refusal); };
    return options;
  }

  absl::Mutex mutex_;
  std::vector<std::string> methods_ ABSL_GUARDED_BY(mutex_);  // of refused calls

 protected:
  ServiceUnderTest service_{Options()};
};

// Returns how every call ends.
std::vector<std::string> ReasonsOf(const std::shared_ptr<grpc::Channel>& channel) {
  using Stub = v1::VideoService::Stub;
  grpc::ClientContext context;
  v1::Image image;
  const auto stub = v1::VideoService::NewStub(channel);
  const auto upload = stub->UploadImage(&context, &image);
  upload->WritesDone();
  std::vector<std::string> reasons;
  for (const grpc::Status& status :
       {Ask(channel, &Stub::CreateVideo, {}).status, Ask(channel, &Stub::GetVideo, {}).status,
        Ask(channel, &Stub::ListVideos, {}).status, Ask(channel, &Stub::CancelVideo, {}).status,
        Ask(channel, &Stub::DeleteVideo, {}).status, Ask(channel, &Stub::EstimateVideo, {}).status,
        Ask(channel, &Stub::GetCapabilities, {}).status, VideoCall(channel, {}).Finish(), upload->Finish(),
        StreamCall<v1::VideoEvent>(channel, &Stub::WatchVideo, v1::WatchVideoRequest()).Finish(),
        StreamCall<v1::VideoChunk>(channel, &Stub::DownloadVideo, v1::DownloadVideoRequest()).Finish()})
    reasons.push_back(DetailsOf(status).reason());
  return reasons;
}

TEST_F(DoorkeeperTest, StandsBeforeEveryCall) {
  EXPECT_THAT(ReasonsOf(service_.channel()), Each(std::string(reason::kCredentialsMissing)));
  EXPECT_THAT(ReasonsOf(ConnectAs(service_.port(), "good")), Each(Not(HasSubstr("CREDENTIALS"))));
}

TEST_F(DoorkeeperTest, TellsWhatWasAskedFor) {
  ReasonsOf(service_.channel());
  const auto& service = *v1::CreateVideoRequest::descriptor()->file()->service(0);
  std::vector<std::string> all;
  for (int i = 0; i < service.method_count(); ++i)
    all.push_back(absl::StrCat(service.full_name(), "/", service.method(i)->name()));
  EXPECT_THAT(methods(), UnorderedElementsAreArray(all));
}

TEST_F(DoorkeeperTest, TellsWhatAnUnreadableMessageWasSentTo) {
  RawCall(service_.channel(), "/ruyi.v1.VideoService/CancelVideo", "\xff");
  EXPECT_THAT(methods(), ElementsAre("ruyi.v1.VideoService/CancelVideo"));
}

TEST_F(DoorkeeperTest, SaysWhatIsMissingOrWrong) {
  ExpectRefused(Get({}), grpc::UNAUTHENTICATED, reason::kCredentialsMissing);
  ExpectRefused(Get({{"authorization", "Basic good"}}), grpc::UNAUTHENTICATED, reason::kCredentialsInvalid);
  ExpectRefused(Get({{"authorization", "good"}}), grpc::UNAUTHENTICATED, reason::kCredentialsInvalid);
  ExpectRefused(Get({{"authorization", "Bearer good"}, {"authorization", "Bearer good"}}), grpc::UNAUTHENTICATED,
                reason::kCredentialsInvalid);
  ExpectRefused(Get({{"authorization", "Bearer bad"}}), grpc::UNAUTHENTICATED, reason::kCredentialsInvalid);
  ExpectRefused(Get({{"authorization", "Bearer nobody"}}), grpc::PERMISSION_DENIED, reason::kNoTenant);
  ExpectRefused(Get({{"authorization", "bearer good"}}), grpc::NOT_FOUND, reason::kNotFound);
}

TEST_F(DoorkeeperTest, NobodyTriesTokensWithoutEnd) {
  const auto good = ConnectAs(service_.port(), "good");
  EXPECT_EQ(GetVideo(good, "videos/x").status.error_code(), grpc::NOT_FOUND);
  const auto bad = ConnectAs(service_.port(), "bad");
  for (int i = 0; i < FailedAttempts::kAttempts; ++i)
    ExpectRefused(GetVideo(bad, "videos/x").status, grpc::UNAUTHENTICATED, reason::kCredentialsInvalid);
  const grpc::Status limited = GetVideo(bad, "videos/x").status;
  ExpectRefused(limited, grpc::RESOURCE_EXHAUSTED, reason::kTooManyAttempts);
  EXPECT_EQ(DetailsOf(limited).retry_info->retry_delay().seconds(), absl::ToInt64Seconds(FailedAttempts::kPerAttempt));
  EXPECT_EQ(GetVideo(good, "videos/x").status.error_code(), grpc::NOT_FOUND) << "others behind the address go on";
  service_.clock().Advance(FailedAttempts::kPerAttempt);
  ExpectRefused(GetVideo(bad, "videos/x").status, grpc::UNAUTHENTICATED, reason::kCredentialsInvalid);
}

TEST_F(DoorkeeperTest, AnswersHaveTheIdOfTheCall) {
  const auto ask = [this](const std::multimap<std::string, std::string>& metadata) {
    grpc::ClientContext context;
    v1::Video video;
    v1::VideoService::NewStub(With(metadata))->GetVideo(&context, {}, &video);
    const auto found = context.GetServerInitialMetadata().find("x-request-id");
    return found == context.GetServerInitialMetadata().end() ? "none"
                                                             : std::string(found->second.data(), found->second.size());
  };
  EXPECT_EQ(ask({{"x-request-id", "mine"}, {"authorization", "Bearer good"}}), "mine");
  EXPECT_EQ(ask({{"x-request-id", "mine"}}), "mine") << "also when it is refused";
  const std::string drawn = ask({});
  EXPECT_THAT(drawn, MatchesRegex("[0-9a-f]{16}"));
  EXPECT_NE(ask({}), drawn);
  EXPECT_THAT(ask({{"x-request-id", "two words"}}), MatchesRegex("[0-9a-f]{16}"));
  EXPECT_THAT(ask({{"x-request-id", std::string(65, 'x')}}), MatchesRegex("[0-9a-f]{16}"));
}

TEST_F(DoorkeeperTest, DropsWhatIsNoTraceparent) {
  const std::string right = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  for (const std::string& sent :
       {right.substr(1), "01" + right.substr(2), right.substr(0, 54) + "G", right.substr(0, 54) + "A"}) {
    const auto channel = With({{"authorization", "Bearer good"}, {"traceparent", sent}});
    const std::string name = CreateVideo(channel, SmallRequest()).response.name();
    EXPECT_EQ(service_.jobs().Get(name.substr(7))->ticket.traceparent, "") << sent;
  }
}

TEST(Doorkeeper, EverybodyIsTheDefaultTenantWhereNobodyIsAsked) {
  ServiceUnderTest service;
  const auto channel = ConnectAs(service.port(), "of some proxy");
  const std::string name = CreateVideo(channel, SmallRequest()).response.name();
  EXPECT_EQ(service.jobs().Get(name.substr(7))->ticket.tenant, "default");
  EXPECT_EQ(service.jobs().Get(name.substr(7))->ticket.principal, "anonymous");
}

// Tests how requests are let in that come over plain HTTP, without gRPC.
class DoorkeeperOfHttpTest : public testing::Test {
 protected:
  Doorkeeper::Parts Parts() {
    return {.clock = &clock_,
            .check_token = [](std::string_view token) -> absl::StatusOr<Identity> {
              if (token == "ops" || token == "film")
                return Identity{.principal = "ana", .tenant = "t", .role = *RoleOf(token == "ops" ? "admin" : "user")};
              return ErrorWithReason(absl::StatusCode::kUnauthenticated, "wrong", reason::kCredentialsInvalid);
            },
            .on_refused = [this](const Doorkeeper::Refusal& refusal) { refusals_.push_back(refusal); }};
  }

  static std::string ReasonOf(const absl::StatusOr<CallContext>& caller) {
    return GetErrorInfo(caller.status()).reason;
  }

  static constexpr char kPeer[] = "192.0.2.1";
  static constexpr char kMethod[] = "GET /api/status";
  FakeClock clock_;
  std::vector<Doorkeeper::Refusal> refusals_;
};

TEST_F(DoorkeeperOfHttpTest, LetsAdministratorsIn) {
  Doorkeeper doorkeeper(Parts());
  const absl::StatusOr<CallContext> caller = doorkeeper.AdmitAdmin("Bearer ops", kPeer, kMethod);
  ASSERT_THAT(caller.status(), IsOk());
  EXPECT_EQ(caller->principal, "ana");
  EXPECT_EQ(caller->tenant, "t");
  EXPECT_EQ(caller->role, Role::kAdmin);
  EXPECT_THAT(caller->call_id, MatchesRegex("[0-9a-f]{16}"));
  EXPECT_NE(doorkeeper.AdmitAdmin("bearer ops", kPeer, kMethod)->call_id, caller->call_id);
  EXPECT_TRUE(refusals_.empty());
}

TEST_F(DoorkeeperOfHttpTest, RefusesAllOthersAndTellsIt) {
  Doorkeeper doorkeeper(Parts());
  EXPECT_EQ(ReasonOf(doorkeeper.AdmitAdmin(std::nullopt, kPeer, kMethod)), reason::kCredentialsMissing);
  EXPECT_EQ(ReasonOf(doorkeeper.AdmitAdmin("", kPeer, kMethod)), reason::kCredentialsInvalid);
  EXPECT_EQ(ReasonOf(doorkeeper.AdmitAdmin("ops", kPeer, kMethod)), reason::kCredentialsInvalid);
  EXPECT_EQ(ReasonOf(doorkeeper.AdmitAdmin("Bearer bad", kPeer, kMethod)), reason::kCredentialsInvalid);
  EXPECT_EQ(ReasonOf(doorkeeper.AdmitAdmin("Bearer film", kPeer, kMethod)), reason::kWrongRole);
  ASSERT_EQ(refusals_.size(), 5u);
  for (const Doorkeeper::Refusal& refusal : refusals_) {
    EXPECT_EQ(refusal.peer, kPeer);
    EXPECT_EQ(refusal.method, kMethod);
    EXPECT_THAT(refusal.call_id, MatchesRegex("[0-9a-f]{16}"));
  }
}

TEST_F(DoorkeeperOfHttpTest, TellsOfWhatOthersRefused) {
  Doorkeeper(Parts()).OnRefused(kPeer, kMethod, absl::PermissionDeniedError("another page asks"));
  ASSERT_EQ(refusals_.size(), 1u);
  EXPECT_EQ(refusals_[0].peer, kPeer);
  EXPECT_EQ(refusals_[0].method, kMethod);
  EXPECT_EQ(refusals_[0].why.message(), "another page asks");
}

TEST_F(DoorkeeperOfHttpTest, CountsWrongAttempts) {
  Doorkeeper doorkeeper(Parts());
  for (int i = 0; i < FailedAttempts::kAttempts; ++i)
    EXPECT_EQ(ReasonOf(doorkeeper.AdmitAdmin("Bearer bad", kPeer, kMethod)), reason::kCredentialsInvalid);
  EXPECT_EQ(ReasonOf(doorkeeper.AdmitAdmin("Bearer bad", kPeer, kMethod)), reason::kTooManyAttempts);
  EXPECT_EQ(ReasonOf(doorkeeper.AdmitAdmin("Bearer bad", "192.0.2.2", kMethod)), reason::kCredentialsInvalid);
}

TEST_F(DoorkeeperOfHttpTest, EverybodyIsAnAdministratorWhereNobodyIsAsked) {
  Doorkeeper doorkeeper({.clock = &clock_});
  const absl::StatusOr<CallContext> caller = doorkeeper.AdmitAdmin(std::nullopt, kPeer, kMethod);
  ASSERT_THAT(caller.status(), IsOk());
  EXPECT_EQ(caller->principal, "anonymous");
}

TEST_F(DoorkeeperOfHttpTest, AsksForNoTokenWhereNoneIsTaken) {
  Doorkeeper certificates({.clock = &clock_, .has_certificates = true});
  for (const auto& authorization : {std::optional<std::string_view>(), std::optional<std::string_view>("Bearer ops")}) {
    const absl::Status refused = certificates.AdmitAdmin(authorization, kPeer, kMethod).status();
    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kPermissionDenied,
                                  HasSubstr("Start it with --tokens or --jwt-jwks beside --tls-client-ca")));
    EXPECT_EQ(GetErrorInfo(refused).reason, reason::kWrongRole);
  }
}

TEST_F(DoorkeeperOfHttpTest, WhoHasNoCertificateNeedsAToken) {
  Doorkeeper::Parts parts = Parts();
  parts.has_certificates = true;
  Doorkeeper both(std::move(parts));
  EXPECT_EQ(ReasonOf(both.AdmitAdmin(std::nullopt, kPeer, kMethod)), reason::kCredentialsMissing);
  EXPECT_THAT(both.AdmitAdmin("Bearer ops", kPeer, kMethod).status(), IsOk());
}

TEST(Doorkeeper, AddressesOfPeersHaveNoPort) {
  EXPECT_EQ(AddressOfPeer("ipv4:192.0.2.1:50000"), "192.0.2.1");
  EXPECT_EQ(AddressOfPeer("ipv6:[2001:db8:1:2:3:4:5:6]:50000"), "2001:db8:1:2::/64");
  EXPECT_EQ(AddressOfPeer("ipv6:%5B2001:db8:1:2::9%5D:50000"), "2001:db8:1:2::/64");
  EXPECT_EQ(AddressOfPeer("ipv6:[fe80::1%25eth0]:1"), "fe80::/64");
  EXPECT_EQ(AddressOfPeer("unix:socket"), "unix:socket");
}

}  // namespace
}  // namespace ruyi
