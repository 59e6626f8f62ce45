// Makes the calls of ruyi.v1.AdminService. Before it: a request. After it: a message. Owns its channel. Thread-safe;
// each call blocks its thread.
#pragma once

#include <grpcpp/support/status.h>

#include <memory>
#include <string>

#include "client/client_call.h"
#include "ruyi/v1/admin.grpc.pb.h"

namespace ruyi::client {

class AdminClient {
 public:
  using Stub = v1::AdminService::Stub;

  template <typename Request, typename Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  // Makes a client of the server at `address`, HOST:PORT. Only the first call connects.
  AdminClient(const std::string& address, const ChannelOptions& options)
      : token_(TokenFor(address, options)), stub_(v1::AdminService::NewStub(OpenChannel(address, options))) {}

  // Makes the call `method` and fills `response`. Returns UNAVAILABLE at once when nothing listens at the address.
  template <typename Request, typename Response>
  grpc::Status Ask(Method<Request, Response> method, const Request& request, const CallOptions& options,
                   Response* response) {
    return (*stub_.*method)(ClientCall(options, token_).context(), request, response);
  }

 private:
  const std::string token_;
  std::unique_ptr<Stub> stub_;
};

}  // namespace ruyi::client
