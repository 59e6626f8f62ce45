#include "server/app/grpc_plugins.h"

#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/service/watched_call.h"

namespace ruyi {
namespace {

constexpr char kChannelzPlugin[] = "channelz_service";

class OnlyPlugins final : public grpc::ServerBuilderOption {
 public:
  explicit OnlyPlugins(const GrpcPlugins& plugins) : plugins_(plugins) {}

  void UpdateArguments(grpc::ChannelArguments* /*arguments*/) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    const std::string reflection = grpc::reflection::ProtoServerReflectionPlugin().name();
    std::erase_if(*plugins, [&](const auto& plugin) {
      const std::string name = plugin->name();
      return (name == reflection && !plugins_.reflection) || (name == kChannelzPlugin && !plugins_.channelz);
    });
  }

 private:
  const GrpcPlugins plugins_;
};

// Cancels a call whose caller is not let in, before its handler can answer.
class Guard final : public grpc::experimental::Interceptor {
 public:
  Guard(Doorkeeper& doorkeeper, bool admins_only, std::string method, grpc::ServerContextBase& context)
      : doorkeeper_(doorkeeper), admins_only_(admins_only), method_(std::move(method)), context_(context) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(grpc::experimental::InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
      const absl::StatusOr<CallContext> caller =
          admins_only_ ? doorkeeper_.AdmitAdmin(context_, method_) : doorkeeper_.Admit(context_, method_);
      if (!caller.ok())
        context_.TryCancel();
    }
    methods->Proceed();
  }

 private:
  Doorkeeper& doorkeeper_;
  const bool admins_only_;
  const std::string method_;
  grpc::ServerContextBase& context_;
};

class GuardFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit GuardFactory(Doorkeeper& doorkeeper) : doorkeeper_(doorkeeper) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override {
    const std::string_view method = info->method();
    const bool is_channelz = method.starts_with("/grpc.channelz.");
    return is_channelz || method.starts_with("/grpc.reflection.")
               ? new Guard(doorkeeper_, is_channelz, NameOfMethod(method), *info->server_context())
               : nullptr;
  }

 private:
  Doorkeeper& doorkeeper_;
};

}  // namespace

// A builder has the plugins that there are when it is made.
std::unique_ptr<grpc::ServerBuilder> NewServerBuilder(const GrpcPlugins& plugins) {
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  if (plugins.channelz)
    grpc::channelz::experimental::InitChannelzService();
  auto builder = std::make_unique<grpc::ServerBuilder>();
  builder->SetOption(std::make_unique<OnlyPlugins>(plugins));
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a port in use is an error, not a second server
  return builder;
}

void GuardPlugins(Doorkeeper& doorkeeper, Interceptors watches, grpc::ServerBuilder& builder) {
  watches.push_back(std::make_unique<GuardFactory>(doorkeeper));
  builder.experimental().SetInterceptorCreators(std::move(watches));
}

}  // namespace ruyi
