#include "server/app/grpc_limits.h"

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/app/health_service.h"
#include "tests/server/raw_call.h"
#include "tests/server/raw_http2.h"
#include "tests/server/video_call.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

constexpr int kMaxMessageBytes = 1 << 20;
const std::string kPingData = "12345678";

// A gRPC server with these limits, and nothing but health and the reflection that the library adds.
class LimitedServer {
 public:
  explicit LimitedServer(const GrpcLimits& limits = {}) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&health_);
    LimitCallers(limits, kMaxMessageBytes, builder);
    server_ = builder.BuildAndStart();
  }
  ~LimitedServer() { server_->Shutdown(std::chrono::system_clock::now()); }

  int port() const { return port_; }

 private:
  HealthService health_{{}};
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST(GrpcLimits, ClientsMayPingEveryTenSeconds) {
  EXPECT_LT(GrpcLimits().client_ping, absl::Seconds(10));
}

TEST(GrpcLimits, AllowedPingsAreAnsweredWithoutCalls) {
  constexpr int kMany = 20;
  LimitedServer server({.client_ping = absl::ZeroDuration()});
  RawHttp2 connection(server.port());
  connection.Greet();
  for (int i = 0; i < kMany; ++i) {
    connection.Send({.type = kPingFrame, .payload = kPingData});
    ASSERT_TRUE(connection.Await(kPingFrame, kAck).has_value()) << i;
  }
}

TEST(GrpcLimits, WhoPingsTooOftenLosesTheConnection) {
  constexpr int kMany = 20;
  LimitedServer server;
  RawHttp2 connection(server.port());
  connection.Greet();
  for (int i = 0; i < kMany; ++i)
    connection.Send({.type = kPingFrame, .payload = kPingData});
  const std::optional<Http2Frame> goaway = connection.Await(kGoawayFrame);
  ASSERT_TRUE(goaway.has_value());
  EXPECT_THAT(goaway->payload, HasSubstr("too_many_pings"));
}

TEST(GrpcLimits, AConnectionThatDoesNotAnswerIsClosed) {
  LimitedServer server({.server_ping = absl::Milliseconds(1), .server_ping_timeout = absl::Milliseconds(1)});
  RawHttp2 connection(server.port());
  connection.Greet();
  EXPECT_TRUE(connection.Await(kPingFrame).has_value());
  while (connection.Read().has_value()) {
  }
}

TEST(GrpcLimits, AConnectionThatAnswersStays) {
  constexpr int kMany = 10;
  LimitedServer server({.server_ping = absl::Milliseconds(1)});
  RawHttp2 connection(server.port());
  connection.Greet();
  for (int i = 0; i < kMany; ++i) {
    const std::optional<Http2Frame> ping = connection.Await(kPingFrame);
    ASSERT_TRUE(ping.has_value()) << i;
    connection.Send({.type = kPingFrame, .flags = kAck, .payload = ping->payload});
  }
}

TEST(GrpcLimits, AConnectionThatSaysNothingIsClosed) {
  LimitedServer server({.handshake = absl::Milliseconds(1)});
  RawHttp2 connection(server.port());
  while (connection.Read().has_value()) {
  }
}

// The value of a setting, which has an identifier of two bytes and a value of four.
std::optional<int> SettingOf(const std::string& settings, char id) {
  for (size_t i = 0; i + 6 <= settings.size(); i += 6) {
    if (settings[i] == 0 && settings[i + 1] == id)
      return static_cast<uint8_t>(settings[i + 4]) << 8 | static_cast<uint8_t>(settings[i + 5]);
  }
  return std::nullopt;
}

TEST(GrpcLimits, TellsClientsHowManyCallsAConnectionMayHave) {
  constexpr char kMaxConcurrentStreams = 3;
  LimitedServer server({.streams = 300});
  RawHttp2 connection(server.port());
  connection.Greet();
  const std::optional<Http2Frame> settings = connection.Await(kSettingsFrame);
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(SettingOf(settings->payload, kMaxConcurrentStreams), 300);
}

TEST(GrpcLimits, TellsClientsHowManyMetadataACallMayHave) {
  constexpr char kMaxHeaderListSize = 6;
  LimitedServer server({.metadata_bytes = 4000});
  RawHttp2 connection(server.port());
  connection.Greet();
  const std::optional<Http2Frame> settings = connection.Await(kSettingsFrame);
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(SettingOf(settings->payload, kMaxHeaderListSize), 4000);
}

TEST(GrpcLimits, CompressedMessagesAreRefused) {
  LimitedServer server;
  for (const grpc_compression_algorithm algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    grpc::ClientContext context;
    context.set_compression_algorithm(algorithm);
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(std::string(1000, 'a'));
    grpc::health::v1::HealthCheckResponse response;
    const auto stub = grpc::health::v1::Health::NewStub(ConnectTo(server.port()));
    const grpc::Status status = stub->Check(&context, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_THAT(status.error_message(), HasSubstr("is disabled"));
  }
}

// An open stream of reflection, which holds a thread of the server.
class ReflectionStream {
 public:
  explicit ReflectionStream(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {
    call_ = stub_.PrepareCall(&context_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue_);
    call_->StartCall(this);
    Await();
  }
  ~ReflectionStream() {
    context_.TryCancel();
    queue_.Shutdown();
    Drain();
  }

  // Returns true when a question is answered; the stream stays open.
  bool IsAnswered() {
    const grpc::Slice question("\x3a\x01*");  // list_services
    call_->Write(grpc::ByteBuffer(&question, 1), this);
    if (!Await())
      return false;
    grpc::ByteBuffer answer;
    call_->Read(&answer, this);
    return Await();
  }

  // Returns the code with which a stream that is not answered ended.
  grpc::StatusCode Finish() {
    grpc::Status status;
    call_->Finish(&status, this);
    Await();
    return status.error_code();
  }

 private:
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  void Drain() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

TEST(GrpcLimits, OpenStreamsOfReflectionDoNotTakeAllThreads) {
  constexpr int kThreads = 4;
  LimitedServer server({.threads = kThreads});
  const std::shared_ptr<grpc::Channel> channel = ConnectTo(server.port());
  std::vector<std::unique_ptr<ReflectionStream>> streams;
  const auto open_one_more = [&] {
    streams.push_back(std::make_unique<ReflectionStream>(channel));
    return streams.back()->IsAnswered();
  };
  while (open_one_more())
    ASSERT_LE(streams.size(), static_cast<size_t>(kThreads));
  EXPECT_EQ(streams.back()->Finish(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(CheckHealth(channel, ""), Health::kNotServing);  // an answer
}

}  // namespace
}  // namespace ruyi
