#include "client/connection.h"

#include <gmock/gmock.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/video_client.h"
#include "ruyi/v1/video_service.grpc.pb.h"
#include "tests/client/client_process.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_certificates.h"

namespace ruyi::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Remembers the credential of the last call.
class ListeningServer final : public v1::VideoService::Service {
 public:
  ListeningServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }
  const std::string& credential() const { return credential_; }

  grpc::Status GetVideo(grpc::ServerContext* context, const v1::GetVideoRequest* /*request*/,
                        v1::Video* /*video*/) override {
    const auto found = context->client_metadata().find("authorization");
    credential_ =
        found == context->client_metadata().end() ? "none" : std::string(found->second.data(), found->second.size());
    return grpc::Status::OK;
  }

 private:
  int port_ = 0;
  std::string credential_;
  std::unique_ptr<grpc::Server> server_;
};

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() { unsetenv("RUYI_TOKEN"); }
  ~ConnectionTest() override { unsetenv("RUYI_TOKEN"); }

  std::string Write(const std::string& name, const std::string& text) { return folder_.Write(name, text).string(); }

  // Returns what is wrong, which shows nothing of a token.
  static std::string WrongWith(const ConnectionOptions& options, const std::string& address = "127.0.0.1:1") {
    const absl::Status status = ChannelOptionsOf(options, address).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
    return std::string(status.message());
  }

  const TemporaryFolder folder_;
  const TestAuthority authority_{"authority"};
  const std::string ca_ = Write("ca", authority_.certificate());
};

TEST_F(ConnectionTest, ATokenComesFromTheFileOrTheVariable) {
  EXPECT_EQ(ChannelOptionsOf({}, "127.0.0.1:1")->token, "");
  setenv("RUYI_TOKEN", "ruyi_secret", 1);
  EXPECT_EQ(ChannelOptionsOf({}, "127.0.0.1:1")->token, "ruyi_secret");
  EXPECT_EQ(ChannelOptionsOf({.token_file = Write("token", " ruyi_other\n")}, "127.0.0.1:1")->token, "ruyi_other");
}

TEST_F(ConnectionTest, TheNameInTheServersCertificateIsForTls) {
  const ConnectionOptions options = {.tls_ca = ca_, .tls_server_name = "ruyi.example"};
  EXPECT_EQ(ChannelOptionsOf(options, "127.0.0.1:1")->tls_server_name, "ruyi.example");
  EXPECT_THAT(WrongWith({.tls_server_name = "ruyi.example"}), HasSubstr("--tls-server-name"));
}

TEST_F(ConnectionTest, SaysWhichFileIsWrong) {
  EXPECT_THAT(WrongWith({.token_file = "none"}), HasSubstr("--token-file: none cannot be read"));
  EXPECT_THAT(WrongWith({.token_file = Write("token", "two secret words")}), HasSubstr("one word"));
  EXPECT_THAT(WrongWith({.tls_ca = "none"}), HasSubstr("--tls-ca: none cannot be read"));
  EXPECT_THAT(WrongWith({.tls_ca = ca_, .tls_cert = Write("cert", "x")}), HasSubstr("give both"));
  EXPECT_THAT(WrongWith({.tls_cert = Write("cert", "x"), .tls_key = Write("key", "x")}),
              HasSubstr("give --tls-ca too"));
  EXPECT_THAT(WrongWith({.tls_ca = ca_, .tls_cert = Write("cert", "x"), .tls_key = Write("empty", "")}),
              AllOf(HasSubstr("--tls-key"), HasSubstr("is empty")));
}

TEST_F(ConnectionTest, FilesOfTlsAreCheckedBeforeTheConnection) {
  const TestPair pair = authority_.SignServer();
  const TestPair other = authority_.SignServer();
  const std::string cert = Write("cert.pem", pair.certificate);
  const std::string key = Write("key.pem", pair.key);
  EXPECT_TRUE(ChannelOptionsOf({.tls_ca = ca_, .tls_cert = cert, .tls_key = key}, "127.0.0.1:1").ok());
  EXPECT_THAT(WrongWith({.tls_ca = Write("no.pem", "x")}),
              AllOf(HasSubstr("--tls-ca: "), HasSubstr("no.pem is no list of certificates")));
  EXPECT_THAT(WrongWith({.tls_ca = ca_, .tls_cert = Write("no.pem", "x"), .tls_key = key}),
              AllOf(HasSubstr("--tls-cert: "), HasSubstr("no.pem is no list of certificates")));
  EXPECT_THAT(WrongWith({.tls_ca = ca_, .tls_cert = cert, .tls_key = Write("no.pem", "secret")}),
              AllOf(HasSubstr("--tls-key: "), HasSubstr("no.pem is no private key")));
  const std::string other_key = Write("other.pem", other.key);
  EXPECT_EQ(WrongWith({.tls_ca = ca_, .tls_cert = cert, .tls_key = other_key}),
            absl::StrCat("--tls-key: ", other_key, " is not the key of the first certificate in ", cert));
}

TEST_F(ConnectionTest, ATokenDoesNotTravelUnencrypted) {
  const std::string file = Write("token", "ruyi_secret");
  for (const char* address : {"192.0.2.1:1", "127.example.com:1", "ruyi.example:50051"})
    EXPECT_THAT(WrongWith({.token_file = file}, address), HasSubstr("unencrypted")) << address;
  for (const char* address : {"127.0.0.1:1", "localhost:1", "[::1]:1"})
    EXPECT_TRUE(ChannelOptionsOf({.token_file = file}, address).ok()) << address;
  EXPECT_TRUE(ChannelOptionsOf({.tls_ca = ca_, .token_file = file}, "ruyi.example:50051").ok());
}

TEST_F(ConnectionTest, EveryCallCarriesTheToken) {
  ListeningServer server;
  v1::Video video;
  VideoClient(server.address(), {.token = "ruyi_secret"}).Get("videos/7", {}, &video);
  EXPECT_EQ(server.credential(), "Bearer ruyi_secret");
  VideoClient(server.address()).Get("videos/7", {}, &video);
  EXPECT_EQ(server.credential(), "none");
}

// With --resume the address comes from a file, after the token was read.
TEST_F(ConnectionTest, ATokenIsKeptFromAddressesElsewhere) {
  EXPECT_TRUE(IsOfThisMachine("127.0.0.2:50051"));
  EXPECT_FALSE(IsOfThisMachine("0.0.0.0:50051"));
  ListeningServer server;
  const std::string elsewhere = absl::StrCat("ipv4:", server.address());  // no address of the command line
  v1::Video video;
  VideoClient(elsewhere, {.token = "ruyi_secret"}).Get("videos/7", {}, &video);
  EXPECT_EQ(server.credential(), "none");
}

TEST_F(ConnectionTest, TheProgramSendsItAndSaysNothingOfIt) {
  ListeningServer server;
  const ClientResult by_file = ClientProcess(folder_.path(), {"--server", server.address(), "--token-file",
                                                              Write("token", "ruyi_secret"), "get", "videos/7"})
                                   .Wait();
  EXPECT_EQ(server.credential(), "Bearer ruyi_secret") << by_file.err;
  const ClientResult by_variable =
      ClientProcess(folder_.path(), {"--server", server.address(), "get", "videos/7"}, {"RUYI_TOKEN=ruyi_secret2"})
          .Wait();
  EXPECT_EQ(server.credential(), "Bearer ruyi_secret2") << by_variable.err;
  const ClientResult refused =
      ClientProcess(folder_.path(), {"--server", "192.0.2.1:1", "get", "videos/7"}, {"RUYI_TOKEN=ruyi_secret"}).Wait();
  EXPECT_EQ(refused.exit_code, 5);
  for (const ClientResult& result : {by_file, by_variable, refused})
    EXPECT_THAT(result.out + result.err, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace ruyi::client
