// Serves grpc.health.v1 alone, without TLS, on an address of its own: for probes that speak no TLS, as those of a
// kubelet. Before it: Server. After it: the wire. Thread-safe.
#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "server/app/grpc_plugins.h"
#include "server/app/health_service.h"

namespace ruyi {

class HealthListener {
 public:
  // Listens on `address`, HOST:PORT with port 0 for any free one, and knows `services` as HealthService does. `watches`
  // see all calls. Blocks for the binding. UNAVAILABLE: the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<HealthListener>> Start(const std::string& address,
                                                               std::set<std::string> services, Interceptors watches);

  // Ends all calls at once.
  ~HealthListener();

  int port() const { return port_; }
  void SetServing(bool serving) { health_.SetServing(serving); }

 private:
  explicit HealthListener(std::set<std::string> services) : health_(std::move(services)) {}

  HealthService health_;
  std::unique_ptr<grpc::Server> grpc_;
  int port_ = 0;
};

}  // namespace ruyi
