// A server that asks who calls: TLS, certificates of clients, tokens and JWTs, and what becomes of them while it runs.
#include "server/app/access.h"

#include <gmock/gmock.h>
#include <grpc/health/v1/health.grpc.pb.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error_reasons.h"
#include "server/app/log.h"
#include "tests/server/admin_answer.h"
#include "tests/server/app/running_server.h"
#include "tests/server/caller_channel.h"
#include "tests/server/identity/test_jwt.h"
#include "tests/server/rpc_status.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_certificates.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class AccessTest : public testing::Test {
 protected:
  // Writes a file as an operator should, in one step.
  std::string Put(const std::string& name, const std::string& text) {
    folder_.Write(name + ".new", text);
    std::filesystem::rename(folder_.path() / (name + ".new"), folder_.path() / name);
    return (folder_.path() / name).string();
  }

  void Serve(const TestPair& pair) {
    options_.server.access.tls_cert = Put("cert.pem", pair.certificate);
    options_.server.access.tls_key = Put("key.pem", pair.key);
  }

  void TakeTokens(const std::vector<NewToken>& tokens) {
    std::vector<TokenEntry> entries;
    for (const NewToken& token : tokens)
      entries.push_back(token.entry);
    options_.server.access.tokens = (folder_.path() / "tokens.json").string();
    ASSERT_THAT(WriteTokens(options_.server.access.tokens, entries), IsOk());
  }

  static std::shared_ptr<grpc::ChannelCredentials> Tls(const std::string& ca, const TestPair& own = {}) {
    return grpc::SslCredentials({.pem_root_certs = ca, .pem_private_key = own.key, .pem_cert_chain = own.certificate});
  }

  static grpc::Status Get(RunningServer& running, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    return GetVideo(ConnectWith(running.server().port(), {}, credentials), "videos/x").status;
  }

  static grpc::Status GetAs(RunningServer& running, const std::string& token) {
    return GetVideo(ConnectAs(running.server().port(), token), "videos/x").status;
  }

  // The serial number of the certificate that the server shows to new connections; TLS 1.`minor` alone is spoken.
  static std::string Shown(RunningServer& running, int version = TLS1_3_VERSION) {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    const unsigned char protocols[] = "\x02h2";
    SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols) - 1);
    BIO* const bio = BIO_new_ssl_connect(context);
    BIO_set_conn_hostname(bio, absl::StrCat("127.0.0.1:", running.server().port()).c_str());
    std::string shown = "none";
    SSL* ssl = nullptr;
    BIO_get_ssl(bio, &ssl);
    if (BIO_do_connect(bio) == 1 && BIO_do_handshake(bio) == 1) {
      X509* const certificate = SSL_get1_peer_certificate(ssl);
      BIGNUM* const number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
      char* const text = BN_bn2hex(number);
      shown = text;
      OPENSSL_free(text);
      BN_free(number);
      X509_free(certificate);
    }
    BIO_free_all(bio);
    SSL_CTX_free(context);
    return shown;
  }

  const TemporaryFolder folder_{".files"};
  const TestAuthority authority_{"authority"};
  const NewToken film_ = MakeToken("film", Role::kUser, absl::Now(), std::nullopt);
  const NewToken press_ = MakeToken("press", Role::kUser, absl::Now(), std::nullopt);
  RunningOptions options_;
};

TEST_F(AccessTest, SpeaksTlsAndNothingElse) {
  Serve(authority_.SignServer());
  RunningServer running(options_);
  ASSERT_THAT(running.status(), IsOk());
  EXPECT_EQ(Get(running, Tls(authority_.certificate())).error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(Get(running, Tls(TestAuthority("stranger").certificate())).error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(Get(running, grpc::InsecureChannelCredentials()).error_code(), grpc::UNAVAILABLE);
  EXPECT_THAT(running.Metrics(), HasSubstr("\nruyi_tls_certificate_expiry_timestamp_seconds "));
}

TEST_F(AccessTest, SpeaksNoTlsBefore12) {
  Serve(authority_.SignServer());
  RunningServer running(options_);
  EXPECT_NE(Shown(running, TLS1_3_VERSION), "none");
  EXPECT_NE(Shown(running, TLS1_2_VERSION), "none");
  EXPECT_EQ(Shown(running, TLS1_1_VERSION), "none");
}

TEST_F(AccessTest, ACertificateIsItsCallersTenant) {
  Serve(authority_.SignServer());
  const TestAuthority clients("clients");
  options_.server.access.tls_client_ca = Put("clients.pem", clients.certificate());
  RunningServer running(options_);
  const auto as = [&](const CertificateOptions& certificate) {
    const auto channel =
        ConnectWith(running.server().port(), {}, Tls(authority_.certificate(), clients.Sign(certificate)));
    const auto made = CreateVideo(channel, SmallRequest());
    return std::make_pair(channel, made.response.name());
  };
  const auto [film, of_film] = as({.common_name = "film"});
  const auto [named, of_named] =
      as({.common_name = "film", .alternative_names = "DNS:other.example,URI:spiffe://cluster/press"});
  EXPECT_TRUE(GetVideo(film, of_film).status.ok());
  EXPECT_EQ(GetVideo(named, of_film).status.error_code(), grpc::NOT_FOUND) << "the SAN is the name, not the CN";
  EXPECT_TRUE(GetVideo(named, of_named).status.ok());
  const auto nobody = ConnectWith(running.server().port(), {}, Tls(authority_.certificate(), clients.Sign({})));
  const grpc::Status refused = GetVideo(nobody, "videos/x").status;
  EXPECT_EQ(refused.error_code(), grpc::PERMISSION_DENIED);
  EXPECT_EQ(DetailsOf(refused).reason(), reason::kNoTenant);
  EXPECT_EQ(Get(running, Tls(authority_.certificate())).error_code(), grpc::UNAVAILABLE) << "without a certificate";
  EXPECT_EQ(Get(running, Tls(authority_.certificate(), authority_.SignServer())).error_code(), grpc::UNAVAILABLE)
      << "with one of another authority";
}

TEST_F(AccessTest, CertificatesMakeNobodyAnAdministrator) {
  Serve(authority_.SignServer());
  options_.server.access.tls_client_ca = Put("clients.pem", authority_.certificate());
  const auto ask = [this] {
    RunningServer running(options_);
    const auto channel = ConnectWith(running.server().admin_port(), {},
                                     Tls(authority_.certificate(), authority_.Sign({.common_name = "film"})));
    return AskAdmin(channel, &v1::AdminService::Stub::GetServerStatus, {}).status;
  };
  const grpc::Status alone = ask();
  EXPECT_EQ(DetailsOf(alone).reason(), reason::kWrongRole);
  EXPECT_THAT(alone.error_message(), HasSubstr("Start it with --tokens or --jwt-jwks"));
  TakeTokens({press_});
  EXPECT_THAT(ask().error_message(), HasSubstr("'film' is none; use a token or JWT of the role admin"));
}

TEST_F(AccessTest, ATokenCountsBeforeTheCertificate) {
  Serve(authority_.SignServer());
  options_.server.access.tls_client_ca = Put("clients.pem", authority_.certificate());
  TakeTokens({press_});
  RunningServer running(options_);
  const auto credentials = Tls(authority_.certificate(), authority_.Sign({.common_name = "film"}));
  const auto by_certificate = ConnectWith(running.server().port(), {}, credentials);
  const auto by_token = ConnectAs(running.server().port(), press_.text, credentials);
  const std::string name = CreateVideo(by_certificate, SmallRequest()).response.name();
  EXPECT_TRUE(GetVideo(by_certificate, name).status.ok());
  EXPECT_EQ(GetVideo(by_token, name).status.error_code(), grpc::NOT_FOUND);
}

// A new certificate is there for new connections, while calls on an old one go on.
TEST_F(AccessTest, FollowsItsCertificate) {
  Serve(authority_.SignServer());
  RunningServer running(options_);
  const auto old_connection = ConnectWith(running.server().port(), {}, Tls(authority_.certificate()));
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_on_disconnect(v1::ON_DISCONNECT_DETACH);
  VideoCall call(old_connection, request);
  ASSERT_TRUE(call.Next().has_value());
  const std::string before = Shown(running);
  Serve(authority_.SignServer());
  const absl::Time give_up = absl::Now() + kPatience;
  while (Shown(running) == before && absl::Now() < give_up) {
  }
  EXPECT_NE(Shown(running), before);
  EXPECT_NE(Shown(running), "none");
  EXPECT_TRUE(call.Finish().ok());
  EXPECT_EQ(GetVideo(old_connection, "videos/x").status.error_code(), grpc::NOT_FOUND);
  EXPECT_THAT(running.Metrics(), HasSubstr("ruyi_credential_reads_total{kind=\"tls\",result=\"ok\"}"));
}

TEST_F(AccessTest, KeepsItsCertificateWhenTheNewOneIsWrong) {
  Serve(authority_.SignServer());
  RunningServer running(options_);
  const std::string before = Shown(running);
  Put("key.pem", authority_.SignServer().key);
  running.server().RereadCredentials();
  EXPECT_EQ(Shown(running), before);
  Put("cert.pem", "nonsense");
  running.server().RereadCredentials();
  EXPECT_EQ(Shown(running), before);
  EXPECT_EQ(Get(running, Tls(authority_.certificate())).error_code(), grpc::NOT_FOUND);
  EXPECT_THAT(running.Metrics(), HasSubstr("ruyi_credential_reads_total{kind=\"tls\",result=\"failed\"}"));
}

TEST_F(AccessTest, CopiesOfTheKeyAreItsOwnAndGoWithIt) {
  Serve(authority_.SignServer());
  options_.server.state_dir = (folder_.path() / "state").string();
  const std::filesystem::path copies = folder_.path() / "state" / "tls";
  folder_.Write("state/tls/stale.pem", "of a process that was killed");
  {
    RunningServer running(options_);
    ASSERT_THAT(running.status(), IsOk());
    EXPECT_FALSE(std::filesystem::exists(copies / "stale.pem"));
    EXPECT_EQ(std::filesystem::status(copies).permissions(), std::filesystem::perms::owner_all);
    const auto owner = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
    EXPECT_EQ(std::filesystem::status(copies / "current" / "key.pem").permissions(), owner);
  }
  EXPECT_FALSE(std::filesystem::exists(copies));
}

TEST_F(AccessTest, DoesNotStartWithFilesThatAreWrong) {
  Serve({.certificate = "nonsense", .key = "nonsense"});
  EXPECT_THAT(RunningServer(options_).status(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cert.pem")));
  options_.server.access = {.tokens = Put("tokens.json", "nonsense")};
  EXPECT_THAT(RunningServer(options_).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("tokens.json")));
  options_.server.access = {.jwt_jwks = Put("jwks.json", "{}"), .jwt_audience = "a", .jwt_issuer = "i"};
  EXPECT_THAT(RunningServer(options_).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("jwks.json")));
}

TEST_F(AccessTest, TakesTokensAndFollowsTheirFile) {
  TakeTokens({film_});
  RunningServer running(options_);
  ASSERT_THAT(running.status(), IsOk());
  EXPECT_EQ(GetAs(running, film_.text).error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(GetAs(running, press_.text).error_code(), grpc::UNAUTHENTICATED);
  EXPECT_EQ(DetailsOf(Get(running, grpc::InsecureChannelCredentials())).reason(), reason::kCredentialsMissing);
  TakeTokens({press_});
  const absl::Time give_up = absl::Now() + kPatience;
  while (GetAs(running, film_.text).error_code() == grpc::NOT_FOUND && absl::Now() < give_up) {
  }
  EXPECT_EQ(GetAs(running, film_.text).error_code(), grpc::UNAUTHENTICATED) << "a token that was revoked";
  EXPECT_THAT(running.Metrics(), AllOf(HasSubstr("ruyi_calls_unauthorized_total{reason=\"CREDENTIALS_INVALID\"}"),
                                       HasSubstr("ruyi_calls_unauthorized_total{reason=\"CREDENTIALS_MISSING\"} 1")));
}

TEST_F(AccessTest, HealthIsOpenToAll) {
  TakeTokens({film_});
  RunningServer running(options_);
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckResponse response;
  EXPECT_TRUE(grpc::health::v1::Health::NewStub(running.channel())->Check(&context, {}, &response).ok());
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
}

TEST_F(AccessTest, TakesJwtsBesideTokens) {
  const TestJwtKey key("key", TestJwtKey::Kind::kP256);
  TakeTokens({film_});
  options_.server.access.jwt_jwks = Put("jwks.json", KeySetOf({key.PublicKey()}));
  options_.server.access.jwt_audience = "ruyi";
  options_.server.access.jwt_issuer = "issuer";
  RunningServer running(options_);
  const nlohmann::json claims = {{"iss", "issuer"},
                                 {"aud", "ruyi"},
                                 {"sub", "ana"},
                                 {"tenant", "film"},
                                 {"exp", absl::ToUnixSeconds(absl::Now()) + 600}};
  const auto by_jwt = ConnectAs(running.server().port(), key.Sign(claims));
  const auto by_token = ConnectAs(running.server().port(), film_.text);
  const std::string name = CreateVideo(by_jwt, SmallRequest()).response.name();
  EXPECT_NE(name, "");
  EXPECT_TRUE(GetVideo(by_token, name).status.ok()) << "one tenant, by whichever credential";
  const TestJwtKey next("next", TestJwtKey::Kind::kP256);
  Put("jwks.json", KeySetOf({next.PublicKey()}));
  running.server().RereadCredentials();
  EXPECT_EQ(GetVideo(by_jwt, name).status.error_code(), grpc::UNAUTHENTICATED);
}

// Refusals of one peer are logged now and then, however many there are.
TEST_F(AccessTest, RefusalsDoNotFloodTheLog) {
  TakeTokens({film_});
  options_.server.log_level = "warning";
  testing::internal::CaptureStderr();
  {
    RunningServer running(options_);
    for (int i = 0; i < 3 * FailedAttempts::kAttempts; ++i)
      GetAs(running, press_.text);
  }
  ASSERT_TRUE(FlushLog(kPatience));
  const std::string log = testing::internal::GetCapturedStderr();
  SetLogLevel("error");
  int lines = 0;
  for (size_t at = log.find("\"call_refused\""); at != std::string::npos; at = log.find("\"call_refused\"", at + 1))
    ++lines;
  EXPECT_GE(lines, 1);
  EXPECT_LT(lines, 3 * FailedAttempts::kAttempts);
  EXPECT_THAT(log, AllOf(HasSubstr("\"peer\":\"127.0.0.1\""), Not(HasSubstr(press_.text))));
}

// Everything that the server says while it is given planted secrets in every wrong way.
TEST_F(AccessTest, SaysNoSecretAnywhere) {
  const TestPair pair = authority_.SignServer();
  const TestJwtKey key("key", TestJwtKey::Kind::kP256);
  const std::string jwt = key.Sign({{"sub", "ana"}});
  TakeTokens({film_});
  options_.server.access.jwt_jwks = Put("jwks.json", KeySetOf({key.PublicKey()}));
  options_.server.access.jwt_audience = "ruyi";
  options_.server.access.jwt_issuer = "issuer";
  options_.server.log_level = "debug";
  Serve(pair);
  options_.keeps_jobs = true;
  options_.server.state_dir = (folder_.path() / "state").string();
  std::string said;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  {
    RunningServer running(options_);
    const auto credentials = Tls(authority_.certificate());
    for (const std::string& token : {film_.text, press_.text, jwt, jwt + "x", "Bearer " + press_.text}) {
      const auto channel = ConnectAs(running.server().port(), token, credentials);
      const auto made = CreateVideo(channel, SmallRequest());
      absl::StrAppend(&said, made.status.error_message(), made.status.error_details(),
                      made.response.SerializeAsString());
    }
    Put("tokens.json", absl::StrCat("{\"tokens\": \"", press_.text, "\"}"));
    Put("cert.pem", pair.key);
    Put("jwks.json", jwt);
    running.server().RereadCredentials();
    absl::StrAppend(&said, running.Metrics());
  }
  ASSERT_TRUE(FlushLog(kPatience));
  absl::StrAppend(&said, testing::internal::GetCapturedStderr(), testing::internal::GetCapturedStdout());
  SetLogLevel("error");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(options_.server.state_dir)) {
    if (entry.is_regular_file())
      absl::StrAppend(&said, (std::ostringstream() << std::ifstream(entry.path()).rdbuf()).str());
  }
  EXPECT_THAT(said, HasSubstr("credentials_kept")) << "the server has said what was wrong";
  const std::string key_line = pair.key.substr(pair.key.find('\n') + 1, 32);
  for (const std::string& secret :
       {film_.text.substr(18), press_.text.substr(18), jwt.substr(jwt.rfind('.') + 1), key_line})
    EXPECT_THAT(said, Not(HasSubstr(secret)));
}

}  // namespace
}  // namespace ruyi
