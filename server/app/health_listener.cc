#include "server/app/health_listener.h"

#include <grpc/support/time.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <utility>

#include "server/app/grpc_limits.h"
#include "server/app/grpc_shutdown.h"

namespace ruyi {

absl::StatusOr<std::unique_ptr<HealthListener>> HealthListener::Start(const std::string& address,
                                                                      std::set<std::string> services,
                                                                      Interceptors watches) {
  constexpr int kMostBytes = 4096;  // of a message: the name of a service
  std::unique_ptr<HealthListener> listener(new HealthListener(std::move(services)));
  const std::unique_ptr<grpc::ServerBuilder> made = NewServerBuilder({});
  grpc::ServerBuilder& builder = *made;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &listener->port_);
  LimitCallers(GrpcLimits(), kMostBytes, builder);
  builder.RegisterService(&listener->health_);
  builder.experimental().SetInterceptorCreators(std::move(watches));
  listener->grpc_ = builder.BuildAndStart();
  if (listener->grpc_ == nullptr || listener->port_ == 0)
    return absl::UnavailableError("cannot listen on " + address);
  return listener;
}

HealthListener::~HealthListener() {
  health_.EndWatches();
  if (grpc_ != nullptr)
    ShutDown(*grpc_, absl::ZeroDuration());
}

}  // namespace ruyi
