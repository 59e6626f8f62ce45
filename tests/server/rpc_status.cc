#include "tests/server/rpc_status.h"

namespace ruyi {
namespace {

template <typename T>
bool Unpack(const google::protobuf::Any& any, std::optional<T>& detail) {
  if (!any.Is<T>())
    return false;
  return any.UnpackTo(&detail.emplace());
}

}  // namespace

std::vector<std::string> RpcDetails::wrong_fields() const {
  std::vector<std::string> fields;
  if (bad_request.has_value()) {
    for (const auto& violation : bad_request->field_violations())
      fields.push_back(violation.field());
  }
  return fields;
}

RpcDetails DetailsOf(const google::rpc::Status& status) {
  RpcDetails details;
  for (const google::protobuf::Any& any : status.details()) {
    const bool known = Unpack(any, details.error_info) || Unpack(any, details.bad_request) ||
                       Unpack(any, details.precondition_failure) || Unpack(any, details.retry_info) ||
                       Unpack(any, details.resource_info);
    details.others += known ? 0 : 1;
  }
  return details;
}

RpcDetails DetailsOf(const grpc::Status& status) {
  google::rpc::Status proto;
  return proto.ParseFromString(status.error_details()) ? DetailsOf(proto) : RpcDetails();
}

}  // namespace ruyi
