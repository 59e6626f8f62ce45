#include "server/app/health_service.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/server/raw_call.h"
#include "tests/server/video_call.h"

namespace ruyi {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr char kService[] = "ruyi.v1.VideoService";

// A Watch call of a client.
class WatchCall {
 public:
  WatchCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& service)
      : stub_(grpc::health::v1::Health::NewStub(channel)) {
    HealthCheckRequest request;
    context_.set_deadline(VideoCall::AfterPatience());
    request.set_service(service);
    reader_ = stub_->Watch(&context_, request);
  }

  // The next message; nullopt when the call has ended.
  std::optional<HealthCheckResponse::ServingStatus> Next() {
    HealthCheckResponse response;
    return reader_->Read(&response) ? std::optional(response.status()) : std::nullopt;
  }

  void Cancel() { context_.TryCancel(); }
  grpc::StatusCode Finish() { return reader_->Finish().error_code(); }

 private:
  std::unique_ptr<grpc::health::v1::Health::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

// A gRPC server with nothing but the service.
class HealthServiceTest : public testing::Test {
 protected:
  HealthServiceTest() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&health_);
    server_ = builder.BuildAndStart();
    channel_ = ConnectTo(port);
  }

  HealthService health_{{kService}};
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(HealthServiceTest, ServesNothingUntilItIsTold) {
  EXPECT_EQ(CheckHealth(channel_, ""), Health::kNotServing);
  EXPECT_EQ(CheckHealth(channel_, kService), Health::kNotServing);
  health_.SetServing(true);
  EXPECT_EQ(CheckHealth(channel_, ""), Health::kServing);
  EXPECT_EQ(CheckHealth(channel_, kService), Health::kServing);
  health_.SetServing(false);
  EXPECT_EQ(CheckHealth(channel_, ""), Health::kNotServing);
}

TEST_F(HealthServiceTest, IsAliveWhetherItServesOrNot) {
  WatchCall call(channel_, HealthService::kLiveness);
  EXPECT_EQ(call.Next(), HealthCheckResponse::SERVING);
  for (const bool serving : {false, true, false}) {
    health_.SetServing(serving);
    EXPECT_EQ(CheckHealth(channel_, HealthService::kLiveness), Health::kServing);
  }
  health_.EndWatches();
  EXPECT_EQ(call.Next(), std::nullopt);
}

TEST_F(HealthServiceTest, DoesNotFindOtherServices) {
  EXPECT_EQ(CheckHealth(channel_, "ruyi.v1.Other"), Health::kUnknownService);
}

TEST_F(HealthServiceTest, TellsThoseWhoWatchOfEachChange) {
  WatchCall whole(channel_, "");
  WatchCall service(channel_, kService);
  for (WatchCall* call : {&whole, &service})
    EXPECT_EQ(call->Next(), HealthCheckResponse::NOT_SERVING);
  health_.SetServing(true);
  for (WatchCall* call : {&whole, &service})
    EXPECT_EQ(call->Next(), HealthCheckResponse::SERVING);
  health_.SetServing(true);  // no change
  health_.SetServing(false);
  for (WatchCall* call : {&whole, &service})
    EXPECT_EQ(call->Next(), HealthCheckResponse::NOT_SERVING);
}

TEST_F(HealthServiceTest, LetsAnUnknownServiceBeWatched) {
  WatchCall call(channel_, "ruyi.v1.Other");
  EXPECT_EQ(call.Next(), HealthCheckResponse::SERVICE_UNKNOWN);
  health_.SetServing(true);
  health_.EndWatches();
  EXPECT_EQ(call.Next(), std::nullopt);
  EXPECT_EQ(call.Finish(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthServiceTest, EndsWatchesOverTheLimit) {
  std::vector<std::unique_ptr<WatchCall>> calls;
  for (size_t i = 0; i < HealthService::kMaxWatches; ++i) {
    calls.push_back(std::make_unique<WatchCall>(channel_, ""));
    ASSERT_EQ(calls.back()->Next(), HealthCheckResponse::NOT_SERVING) << i;
  }
  WatchCall refused(channel_, "");
  EXPECT_EQ(refused.Next(), std::nullopt);
  EXPECT_EQ(refused.Finish(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  health_.EndWatches();
}

TEST_F(HealthServiceTest, RefusesWhatIsNoMessage) {
  for (const char* method : {"Check", "Watch"}) {
    const RawAnswer answer = RawCall(channel_, std::string("/grpc.health.v1.Health/") + method, "\xff");
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << method;
  }
}

TEST_F(HealthServiceTest, EndsWatchesOfBeforeAndAfter) {
  WatchCall before(channel_, "");
  EXPECT_EQ(before.Next(), HealthCheckResponse::NOT_SERVING);
  health_.EndWatches();
  WatchCall after(channel_, "");
  for (WatchCall* call : {&before, &after}) {
    EXPECT_EQ(call->Next(), std::nullopt);
    EXPECT_EQ(call->Finish(), grpc::StatusCode::UNAVAILABLE);
  }
}

TEST_F(HealthServiceTest, GoesOnWhenACallerGoesAway) {
  WatchCall gone(channel_, "");
  WatchCall other(channel_, "");
  EXPECT_EQ(gone.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(other.Next(), HealthCheckResponse::NOT_SERVING);
  gone.Cancel();
  EXPECT_EQ(gone.Finish(), grpc::StatusCode::CANCELLED);
  health_.SetServing(true);
  EXPECT_EQ(other.Next(), HealthCheckResponse::SERVING);
}

}  // namespace
}  // namespace ruyi
