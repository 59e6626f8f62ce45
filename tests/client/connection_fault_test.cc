#include "client/connection_fault.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/retry_policy.h"
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

// Answers nothing; what is tested comes before the first call.
class TestServer final : public v1::VideoService::Service {
 public:
  explicit TestServer(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class ConnectionFaultTest : public testing::Test {
 protected:
  // Returns how a call to a server with TLS ends, which wants clients' certificates of `client_ca` if there are any.
  grpc::Status EndAtTls(const grpc::SslCredentialsOptions& own, const std::string& client_ca = "",
                        const std::string& names = "IP:127.0.0.1") const {
    const TestPair pair = authority_.Sign({.common_name = "server", .alternative_names = names});
    grpc::SslServerCredentialsOptions options(client_ca.empty()
                                                  ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                  : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_key_cert_pairs.push_back({pair.key, pair.certificate});
    options.pem_root_certs = client_ca;
    const TestServer server(grpc::SslServerCredentials(options));
    return EndAt(server.address(), grpc::SslCredentials(own));
  }

  static grpc::Status EndAt(const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    v1::Video video;
    return VideoClient(address, {.credentials = credentials}).Get("videos/7", {}, &video);
  }

  // Expects a fault that no waiting mends.
  static void ExpectLasting(const grpc::Status& status, const std::string& what, const std::string& cause) {
    const ConnectionFault* const fault = FindConnectionFault(status);
    ASSERT_NE(fault, nullptr) << status.error_message();
    EXPECT_THAT(std::string(fault->what), HasSubstr(what));
    EXPECT_THAT(CauseText(status), HasSubstr(cause));
    EXPECT_FALSE(MayCallAgain(status));
    EXPECT_FALSE(MayStreamAgain(status));
    EXPECT_EQ(ExitCodeOfCall(status), ExitCode::kRefused);
  }

  static void ExpectPassing(const grpc::Status& status, const std::string& what) {
    const ConnectionFault* const fault = FindConnectionFault(status);
    ASSERT_NE(fault, nullptr) << status.error_message();
    EXPECT_THAT(std::string(fault->what), HasSubstr(what));
    EXPECT_TRUE(MayCallAgain(status));
    EXPECT_TRUE(MayStreamAgain(status));
    EXPECT_EQ(ExitCodeOfCall(status), ExitCode::kTryLater);
  }

  static grpc::Status NotConnected(const std::string& cause) {
    return {grpc::UNAVAILABLE,
            absl::StrCat("failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: ", cause)};
  }

  const TestAuthority authority_{"authority"};
  const TestAuthority stranger_{"stranger"};
};

TEST_F(ConnectionFaultTest, ACertificateThatNobodyTrusted) {
  ExpectLasting(EndAtTls({.pem_root_certs = stranger_.certificate()}), "signed by none of those in --tls-ca",
                "certificate verify failed");
}

TEST_F(ConnectionFaultTest, ACertificateWithAnotherName) {
  ExpectLasting(EndAtTls({.pem_root_certs = authority_.certificate()}, "", "DNS:ruyi.example"), "for other names",
                "Peer name 127.0.0.1 is not in peer certificate");
}

TEST_F(ConnectionFaultTest, AServerWithoutTls) {
  const TestServer server(grpc::InsecureServerCredentials());
  ExpectLasting(EndAt(server.address(), grpc::SslCredentials({.pem_root_certs = authority_.certificate()})),
                "speaks no TLS", "wrong version number");
}

// gRPC says no more of it than it says of a server that ends.
TEST_F(ConnectionFaultTest, AServerThatWantsTlsOrACertificate) {
  const TestPair pair = authority_.SignServer();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({pair.key, pair.certificate});
  const TestServer server(grpc::SslServerCredentials(options));
  ExpectPassing(EndAt(server.address(), grpc::InsecureChannelCredentials()), "closes each connection");
  ExpectPassing(EndAtTls({.pem_root_certs = authority_.certificate()}, authority_.certificate()),
                "closes each connection");
  const TestPair other = stranger_.Sign({.common_name = "eve"});
  ExpectPassing(EndAtTls({.pem_root_certs = authority_.certificate(),
                          .pem_private_key = other.key,
                          .pem_cert_chain = other.certificate},
                         authority_.certificate()),
                "closes each connection");
}

// Debian's OpenSSL against servers of other make.
TEST_F(ConnectionFaultTest, WhatOnlyOtherServersSay) {
  for (const char* alert : {"sslv3 alert handshake failure", "tlsv1 alert unknown ca", "sslv3 alert bad certificate",
                            "sslv3 alert certificate expired"}) {
    ExpectLasting(
        NotConnected(absl::StrCat("Ssl handshake failed: SSL_ERROR_SSL: error:0A000410:SSL routines::", alert)),
        "does not take this client's certificate", alert);
  }
  ExpectLasting(NotConnected("Cannot check peer: missing selected ALPN property."), "no HTTP/2",
                "missing selected ALPN");
  ExpectPassing(NotConnected("Trying to connect an http1.x server"), "does not speak gRPC");
  ExpectPassing(NotConnected("Failed parsing HTTP/2"), "does not speak gRPC");
  ExpectPassing(NotConnected("Endpoint read failed"), "closes each connection");
  ExpectPassing(NotConnected("recvmsg:Connection reset by peer"), "closes each connection");
}

TEST_F(ConnectionFaultTest, ANameThatNobodyHas) {
  ExpectPassing({grpc::UNAVAILABLE,
                 "DNS resolution failed for nowhere.invalid:1: C-ares status is not ARES_SUCCESS qtype=AAAA "
                 "name=nowhere.invalid is_balancer=0: Domain name not found"},
                "name is not known");
}

TEST_F(ConnectionFaultTest, NotWhereNobodyListensOrTheConnectionBrokeLater) {
  const grpc::Status refused = NotConnected("Failed to connect to remote host: Connection refused");
  EXPECT_EQ(CauseText(refused), "Connection refused");
  for (const grpc::Status& status : {refused, grpc::Status(grpc::UNAVAILABLE, "Socket closed"),
                                     grpc::Status(grpc::INTERNAL, "Socket closed"), grpc::Status::OK}) {
    EXPECT_EQ(FindConnectionFault(status), nullptr) << status.error_message();
  }
  EXPECT_TRUE(MayCallAgain(refused));
}

TEST_F(ConnectionFaultTest, TheProgramSaysItOnceAndEnds) {
  const TemporaryFolder folder;
  const TestServer server(grpc::InsecureServerCredentials());
  const std::string ca = folder.Write("ca.pem", authority_.certificate()).string();
  const std::string picture = folder.Write("photo.png", "a picture").string();
  const ClientResult result =
      ClientProcess(folder.path(), {"create", "--server", server.address(), "--tls-ca", ca, "--image", picture}).Wait();
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("no connection with " + server.address() + ": what listens there speaks no TLS"),
                    HasSubstr("wrong version number"), HasSubstr("leave out --tls-ca"), Not(HasSubstr("trying again")),
                    Not(HasSubstr("ssl_transport_security.cc"))));
}

}  // namespace
}  // namespace ruyi::client
