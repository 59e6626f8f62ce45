// Serves AdminService on an address of its own, to those whom the Doorkeeper lets in as administrators, with gRPC's
// reflection and Channelz where they are asked for. Before it: Server. After it: the wire, and server/admin.
// Thread-safe, but for End, which belongs to one thread.
#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/app/grpc_plugins.h"
#include "server/service/admin_service.h"

namespace ruyi {

class AdminListener {
 public:
  // All that is pointed to must outlive the listener.
  struct Parts {
    std::string address;  // HOST:PORT, with port 0 for any free one
    GrpcPlugins plugins;
    std::shared_ptr<grpc::ServerCredentials> credentials;
    Doorkeeper* doorkeeper = nullptr;
    Administration* administration = nullptr;
    const Clock* clock = nullptr;
    int queue_capacity = 0;
    std::function<Interceptors()> new_watches;  // of those who see all calls
  };

  // Blocks for the binding. UNAVAILABLE: the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<AdminListener>> Start(const Parts& parts);

  // Ends all calls at once.
  ~AdminListener() { End(absl::ZeroDuration()); }

  int port() const { return port_; }

  // Takes no more calls, and cancels those that have not ended after `timeout`; after it nothing of Parts is used.
  // Blocks for that time and for what is being worked on.
  void End(absl::Duration timeout);

 private:
  explicit AdminListener(const Parts& parts)
      : service_(*parts.doorkeeper, *parts.administration, *parts.clock, parts.queue_capacity) {}

  AdminService service_;
  std::unique_ptr<grpc::Server> grpc_;
  int port_ = 0;
};

}  // namespace ruyi
