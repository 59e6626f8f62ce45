// Opens channels and makes the contexts of calls, for the clients of all services. Before it: ChannelOptions. After it:
// VideoClient and AdminClient. Thread-safe, but for a ClientCall, which belongs to one call.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "client/cancel_source.h"

namespace ruyi::client {

struct ChannelOptions {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  bool encrypts = false;        // as the credentials do
  std::string tls_server_name;  // that the server's certificate must have; empty: the host of the address
  std::string token;            // that every call carries, or empty; none goes unencrypted to another machine
  // After this long a silence of the server a ping is sent, so that a connection that only seems to live ends.
  absl::Duration keepalive_time = absl::Seconds(20);
  absl::Duration keepalive_timeout = absl::Seconds(20);  // for the answer to the ping
};

struct CallOptions {
  std::optional<absl::Duration> timeout;  // absent: no deadline
  CancelSource* cancel_source = nullptr;  // must outlive the call
};

// Returns true when only this machine has the address HOST:PORT: localhost, 127.0.0.0/8 or ::1. Other names may lead
// anywhere.
bool IsOfThisMachine(const std::string& address);

// Returns a channel to the server at `address`, HOST:PORT. Only the first call connects.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address, const ChannelOptions& options);

// Returns the token that calls to `address` carry; empty: none.
std::string TokenFor(const std::string& address, const ChannelOptions& options);

// The context of one call, cancelled by its source.
class ClientCall {
 public:
  ClientCall(const CallOptions& options, const std::string& token);

  grpc::ClientContext* context() { return &context_; }

 private:
  grpc::ClientContext context_;
  CancelSource::Scope scope_;
};

}  // namespace ruyi::client
