#include "server/convert/status_to_grpc.h"

#include <google/rpc/error_details.pb.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "server/convert/time_to_proto.h"

namespace ruyi {
namespace {

constexpr char kDomain[] = "ruyi";

// gRPC takes trailers of 8 KiB; they hold the message twice, and the details in Base64.
constexpr size_t kMaxText = 1024;
constexpr size_t kMinText = 32;
constexpr size_t kMaxViolations = 3500;  // fields and descriptions

// `text` in at most `size` bytes, of whole UTF-8 characters.
std::string Cut(std::string_view text, size_t size) {
  constexpr std::string_view kEllipsis = "...";
  if (text.size() <= size)
    return std::string(text);
  size_t end = size - kEllipsis.size();
  while (end > 0 && (text[end] & 0xC0) == 0x80)
    --end;
  return std::string(text.substr(0, end)).append(kEllipsis);
}

// How long descriptions may be so that all violations fit.
size_t DescriptionSize(const std::vector<FieldViolation>& violations) {
  const auto total = [&](size_t size) {
    size_t sum = 0;
    for (const FieldViolation& violation : violations)
      sum += violation.field.size() + std::min(violation.description.size(), size);
    return sum;
  };
  size_t size = kMaxText;
  while (size > kMinText && total(size) > kMaxViolations)
    size /= 2;
  return size;
}

google::rpc::ErrorInfo ToErrorInfo(const ErrorInfo& info) {
  google::rpc::ErrorInfo proto;
  proto.set_reason(info.reason.empty() ? std::string(reason::kInternal) : info.reason);
  proto.set_domain(kDomain);
  proto.mutable_metadata()->insert(info.metadata.begin(), info.metadata.end());
  return proto;
}

google::rpc::BadRequest ToBadRequest(const ErrorInfo& info) {
  google::rpc::BadRequest proto;
  const size_t size = DescriptionSize(info.field_violations);
  for (const FieldViolation& violation : info.field_violations) {
    auto* added = proto.add_field_violations();
    added->set_field(violation.field);
    added->set_description(Cut(violation.description, size));
  }
  return proto;
}

}  // namespace

google::rpc::Status ToProto(const absl::Status& status) {
  const ErrorInfo info = GetErrorInfo(status);
  google::rpc::Status proto;
  proto.set_code(static_cast<int>(status.code()));
  proto.set_message(Cut({status.message().data(), status.message().size()}, kMaxText));
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
  const google::rpc::Status proto = ToProto(status);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), proto.message(), proto.SerializeAsString());
}

}  // namespace ruyi
