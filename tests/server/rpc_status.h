// The google.rpc details of a status, as a client reads them. Functions without state; thread-safe.
#pragma once

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include <optional>
#include <string>
#include <vector>

namespace ruyi {

struct RpcDetails {
  std::optional<google::rpc::ErrorInfo> error_info;
  std::optional<google::rpc::BadRequest> bad_request;
  std::optional<google::rpc::PreconditionFailure> precondition_failure;
  std::optional<google::rpc::RetryInfo> retry_info;
  std::optional<google::rpc::ResourceInfo> resource_info;
  int others = 0;  // details of other types

  // "" when there is no ErrorInfo.
  std::string reason() const { return error_info.has_value() ? error_info->reason() : ""; }

  // The fields of the violations, in order; none when there is no BadRequest.
  std::vector<std::string> wrong_fields() const;
};

RpcDetails DetailsOf(const google::rpc::Status& status);

// Returns the details of the status with which an RPC ended; none when they do not parse.
RpcDetails DetailsOf(const grpc::Status& status);

}  // namespace ruyi
