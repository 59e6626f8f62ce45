#include "server/app/admin_listener.h"

#include <grpc/support/time.h>

#include <utility>

#include "server/app/grpc_limits.h"

namespace ruyi {

absl::StatusOr<std::unique_ptr<AdminListener>> AdminListener::Start(const Parts& parts) {
  constexpr int kMostBytes = 64 << 10;  // of a request
  std::unique_ptr<AdminListener> listener(new AdminListener(parts));
  const std::unique_ptr<grpc::ServerBuilder> made = NewServerBuilder(parts.plugins);
  grpc::ServerBuilder& builder = *made;
  builder.AddListeningPort(parts.address, parts.credentials, &listener->port_);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  LimitCallers(GrpcLimits(), kMostBytes, builder);
  builder.RegisterService(&listener->service_);
  Interceptors interceptors = parts.new_watches();
  interceptors.push_back(PluginGuard(*parts.doorkeeper));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  listener->grpc_ = builder.BuildAndStart();
  if (listener->grpc_ == nullptr || listener->port_ == 0)
    return absl::UnavailableError("cannot listen on " + parts.address);
  return listener;
}

void AdminListener::End(absl::Duration timeout) {
  if (grpc_ != nullptr) {
    const gpr_timespec time = gpr_time_from_millis(absl::ToInt64Milliseconds(timeout), GPR_TIMESPAN);
    grpc_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), time));
  }
  service_.Stop();
}

}  // namespace ruyi
