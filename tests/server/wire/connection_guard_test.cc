#include "server/wire/connection_guard.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/app/health_service.h"
#include "tests/server/raw_call.h"
#include "tests/server/raw_http2.h"
#include "tests/server/video_call.h"

namespace ruyi {
namespace {

// Collects what is told of connections that were closed.
class Told {
 public:
  RefusedConnection Listener() {
    return [this](std::string_view why) {
      absl::MutexLock lock(&mutex_);
      all_.emplace_back(why);
    };
  }

  std::vector<std::string> all() {
    absl::MutexLock lock(&mutex_);
    return all_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> all_ ABSL_GUARDED_BY(mutex_);
};

class GuardedServer {
 public:
  explicit GuardedServer(const ConnectionLimits& limits) {
    is_guarded_ = GuardConnections(limits, told.Listener());
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&health_);
    server_ = builder.BuildAndStart();
  }
  ~GuardedServer() {
    server_->Shutdown(std::chrono::system_clock::now());
    GuardConnections({}, {});
  }

  int port() const { return port_; }
  bool is_guarded() const { return is_guarded_; }
  bool IsAlive() const { return CheckHealth(ConnectTo(port_), "") == Health::kNotServing; }

  Told told;

 private:
  HealthService health_{{}};
  int port_ = 0;
  bool is_guarded_ = false;
  std::unique_ptr<grpc::Server> server_;
};

bool IsClosed(RawHttp2& connection) {
  while (connection.Read().has_value()) {
  }
  return true;
}

TEST(ConnectionGuard, GuardsTheGrpcOfThisMachine) {
  EXPECT_TRUE(GuardedServer({}).is_guarded());
}

TEST(ConnectionGuard, ConnectionsOverTheLimitAreClosedAndTheOthersStay) {
  GuardedServer server({.connections = 20});
  std::vector<std::unique_ptr<RawHttp2>> connections;
  while (server.told.all().empty()) {
    ASSERT_LE(connections.size(), 1000u);
    connections.push_back(std::make_unique<RawHttp2>(server.port()));
    connections.back()->Greet();
    connections.back()->Read();  // waits until the server has taken it or closed it
  }
  EXPECT_EQ(server.told.all().front(), "there are too many connections");
  EXPECT_TRUE(IsClosed(*connections.back()));
  connections.front()->Send({.type = kPingFrame, .payload = "12345678"});
  EXPECT_TRUE(connections.front()->Await(kPingFrame, kAck).has_value());
  connections.clear();
  EXPECT_TRUE(server.IsAlive());
}

TEST(ConnectionGuard, AClientThatFloodsLosesTheConnection) {
  GuardedServer server({.frames = {.settings = 1, .settings_per_second = 0}});
  RawHttp2 connection(server.port());
  connection.Greet();
  ASSERT_TRUE(connection.Await(kSettingsFrame, kAck).has_value());
  connection.Send({.type = kSettingsFrame});
  EXPECT_TRUE(IsClosed(connection));
  EXPECT_EQ(server.told.all(), std::vector<std::string>{"the client sends too many settings"});
  EXPECT_TRUE(server.IsAlive());
}

}  // namespace
}  // namespace ruyi
