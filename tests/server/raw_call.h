// A call of a service whose protos no Debian package brings: bytes in, bytes out. A function without state;
// thread-safe.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>

namespace ruyi {

struct RawAnswer {
  grpc::Status status;
  std::string message;  // serialized
};

// Sends one serialized message to `method` ("/package.Service/Method") and takes one answer. Blocks.
RawAnswer RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method, const std::string& message);

// Calls grpc.health.v1.Health/Check.
enum class Health { kServing, kNotServing, kUnknownService, kNoAnswer };
Health CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service);

}  // namespace ruyi
