#include "client/client_call.h"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace ruyi::client {
namespace {

// A retrier waits longer and longer between calls; where gRPC did so too, a call would end with what an attempt to
// connect long before has found.
constexpr absl::Duration kReconnect = absl::Seconds(1);

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

grpc::ChannelArguments Arguments(const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_time));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(options.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // a client that only listens pings all the same
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, Milliseconds(kReconnect));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(kReconnect));
  if (!options.tls_server_name.empty())
    arguments.SetSslTargetNameOverride(options.tls_server_name);
  return arguments;
}

}  // namespace

bool IsOfThisMachine(const std::string& address) {
  constexpr uint32_t kLoopbackNet = 127;
  const std::string host = address.substr(0, address.rfind(':'));
  in_addr ipv4 = {};
  if (inet_pton(AF_INET, host.c_str(), &ipv4) == 1)
    return ntohl(ipv4.s_addr) >> 24 == kLoopbackNet;
  return host == "localhost" || host == "[::1]";
}

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address, const ChannelOptions& options) {
  return grpc::CreateCustomChannel(address, options.credentials, Arguments(options));
}

std::string TokenFor(const std::string& address, const ChannelOptions& options) {
  return options.encrypts || IsOfThisMachine(address) ? options.token : "";
}

ClientCall::ClientCall(const CallOptions& options, const std::string& token)
    : scope_(options.cancel_source, &context_) {
  if (!token.empty())
    context_.AddMetadata("authorization", absl::StrCat("Bearer ", token));
  if (options.timeout.has_value())
    context_.set_deadline(absl::ToChronoTime(absl::Now() + *options.timeout));
}

}  // namespace ruyi::client
