#include "server/convert/status_to_grpc.h"

#include <google/rpc/error_details.pb.h>

#include <string>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "server/convert/time_to_proto.h"

namespace ruyi {
namespace {

constexpr char kDomain[] = "ruyi";

google::rpc::ErrorInfo ToErrorInfo(const ErrorInfo& info) {
  google::rpc::ErrorInfo proto;
  proto.set_reason(info.reason.empty() ? std::string(reason::kInternal) : info.reason);
  proto.set_domain(kDomain);
  proto.mutable_metadata()->insert(info.metadata.begin(), info.metadata.end());
  return proto;
}

google::rpc::BadRequest ToBadRequest(const ErrorInfo& info) {
  google::rpc::BadRequest proto;
  for (const FieldViolation& violation : info.field_violations) {
    auto* added = proto.add_field_violations();
    added->set_field(violation.field);
    added->set_description(violation.description);
  }
  return proto;
}

}  // namespace

google::rpc::Status ToProto(const absl::Status& status) {
  const ErrorInfo info = GetErrorInfo(status);
  google::rpc::Status proto;
  proto.set_code(static_cast<int>(status.code()));
  proto.set_message(std::string(status.message()));
  proto.add_details()->PackFrom(ToErrorInfo(info));
  if (!info.field_violations.empty())
    proto.add_details()->PackFrom(ToBadRequest(info));
  if (info.retry_delay.has_value()) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() = ToProto(*info.retry_delay);
    proto.add_details()->PackFrom(retry);
  }
  return proto;
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok())
    return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
                      ToProto(status).SerializeAsString());
}

}  // namespace ruyi
