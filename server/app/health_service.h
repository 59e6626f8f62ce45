// Implements grpc.health.v1, with one answer for the server and its services: NOT_SERVING from before the port is bound
// until Server says otherwise. The service "liveness" is SERVING as long as the process answers: a supervisor that asks
// for it does not start a server anew that loads its model, drains or waits for its store. gRPC's own implementation
// says SERVING at first, and reflection cannot describe it. Before it: Server. After it: the wire. It must outlive the
// gRPC server that it is registered with. Thread-safe.
#pragma once

#include <grpc/health/v1/health.grpc.pb.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/service/received_message.h"

namespace ruyi {

class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  static constexpr char kLiveness[] = "liveness";
  // How many may watch at once: everybody may, without a credential.
  static constexpr size_t kMaxWatches = 1024;

  // Knows the full names in `services`, "" for the server as a whole, and kLiveness.
  explicit HealthService(std::set<std::string> services);
  ~HealthService() override;

  // Changes the state of all services, and tells those who watch.
  void SetServing(bool serving);

  // Ends every Watch with UNAVAILABLE, also those that begin later: open ones would hold up the end of the gRPC server.
  void EndWatches();

  // Answers with the state of a service. NOT_FOUND: an unknown service.
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;

  // Sends the state now and after each change. For an unknown service it sends SERVICE_UNKNOWN, and stays open.
  // RESOURCE_EXHAUSTED: too many watch.
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context, const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  class Watcher;

  // These look at the message before Check and Watch.
  grpc::ServerUnaryReactor* CheckReceived(grpc::CallbackServerContext& context,
                                          const ReceivedMessage<grpc::health::v1::HealthCheckRequest>& received,
                                          grpc::health::v1::HealthCheckResponse& response);
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* WatchReceived(
      grpc::CallbackServerContext& context, const ReceivedMessage<grpc::health::v1::HealthCheckRequest>& received);
  bool IsKnown(const std::string& service) const;
  void Remove(const Watcher* watcher);

  const std::set<std::string> services_;

  absl::Mutex mutex_;  // taken before a watcher's
  bool serving_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  // Holds each watcher until gRPC is done with it.
  std::map<const Watcher*, std::unique_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
