#include "server/app/admin_listener.h"

#include "server/app/grpc_limits.h"
#include "server/app/grpc_shutdown.h"

namespace ruyi {

absl::StatusOr<std::unique_ptr<AdminListener>> AdminListener::Start(const Parts& parts) {
  constexpr int kMostBytes = 64 << 10;  // of a request
  std::unique_ptr<AdminListener> listener(new AdminListener(parts));
  const std::unique_ptr<grpc::ServerBuilder> made = NewServerBuilder(parts.plugins);
  grpc::ServerBuilder& builder = *made;
  builder.AddListeningPort(parts.address, parts.credentials, &listener->port_);
  LimitCallers(GrpcLimits(), kMostBytes, builder);
  builder.RegisterService(&listener->service_);
  GuardPlugins(*parts.doorkeeper, parts.new_watches(), builder);
  listener->grpc_ = builder.BuildAndStart();
  if (listener->grpc_ == nullptr || listener->port_ == 0)
    return absl::UnavailableError("cannot listen on " + parts.address);
  return listener;
}

void AdminListener::End(absl::Duration timeout) {
  if (grpc_ != nullptr)
    ShutDown(*grpc_, timeout);
  service_.Stop();
}

}  // namespace ruyi
