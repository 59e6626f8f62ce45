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

RpcDetails DetailsOf(const google::rpc::Status& status) {
  RpcDetails details;
  for (const google::protobuf::Any& any : status.details()) {
    const bool known =
        Unpack(any, details.error_info) || Unpack(any, details.bad_request) || Unpack(any, details.retry_info);
    details.others += known ? 0 : 1;
  }
  return details;
}

RpcDetails DetailsOf(const grpc::Status& status) {
  google::rpc::Status proto;
  return proto.ParseFromString(status.error_details()) ? DetailsOf(proto) : RpcDetails();
}

}  // namespace ruyi
