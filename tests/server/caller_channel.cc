#include "tests/server/caller_channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/client_interceptor.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace ruyi {
namespace {

using grpc::experimental::InterceptionHookPoints;

class Adder final : public grpc::experimental::Interceptor {
 public:
  explicit Adder(const std::multimap<std::string, std::string>& metadata) : metadata_(metadata) {}
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA))
      methods->GetSendInitialMetadata()->insert(metadata_.begin(), metadata_.end());
    methods->Proceed();
  }

 private:
  const std::multimap<std::string, std::string>& metadata_;
};

class AdderFactory final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit AdderFactory(std::multimap<std::string, std::string> metadata) : metadata_(std::move(metadata)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(grpc::experimental::ClientRpcInfo* /*info*/) override {
    return new Adder(metadata_);
  }

 private:
  const std::multimap<std::string, std::string> metadata_;
};

}  // namespace

std::shared_ptr<grpc::Channel> ConnectWith(int port, const std::multimap<std::string, std::string>& metadata,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> creators;
  creators.push_back(std::make_unique<AdderFactory>(metadata));
  return grpc::experimental::CreateCustomChannelWithInterceptors(absl::StrCat("127.0.0.1:", port), credentials,
                                                                 arguments, std::move(creators));
}

}  // namespace ruyi
