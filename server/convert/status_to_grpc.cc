#include "server/convert/status_to_grpc.h"

#include <google/rpc/error_details.pb.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "server/convert/time_to_proto.h"

namespace ruyi {
namespace {

constexpr char kDomain[] = "ruyi";

// The id of the video that an error is about.
constexpr char kVideoMetadata[] = "video";

// gRPC takes trailers of 8 KiB; they hold the message twice, and the details in Base64.
constexpr size_t kMaxText = 1024;
constexpr size_t kMinText = 32;
constexpr size_t kMaxViolations = 3500;  // of one list: names and descriptions

// Returns the beginning of `text` in at most `size` bytes, of whole UTF-8 characters.
std::string Cut(std::string_view text, size_t size) {
  constexpr std::string_view kEllipsis = "...";
  if (text.size() <= size)
    return std::string(text);
  size_t end = size - kEllipsis.size();
  while (end > 0 && (text[end] & 0xC0) == 0x80)
    --end;
  return std::string(text.substr(0, end)).append(kEllipsis);
}

// The field or subject of a violation, and its description.
using Violation = std::pair<std::string_view, std::string_view>;

// Returns the bytes of violations whose descriptions are cut to `description_size`.
size_t SizeOf(const std::vector<Violation>& violations, size_t description_size) {
  size_t sum = 0;
  for (const auto& [name, description] : violations)
    sum += name.size() + std::min(description.size(), description_size);
  return sum;
}

// Returns how long descriptions may be so that all violations fit; kMinText when they do not fit at all.
size_t DescriptionSize(const std::vector<Violation>& violations) {
  size_t size = kMaxText;
  while (size > kMinText && SizeOf(violations, size) > kMaxViolations)
    size /= 2;
  return size;
}

google::rpc::ErrorInfo ToErrorInfo(const ErrorInfo& info) {
  google::rpc::ErrorInfo proto;
  proto.set_reason(info.reason.empty() ? std::string(reason::kInternal) : info.reason);
  proto.set_domain(kDomain);
  for (const auto& [key, value] : info.metadata)
    (*proto.mutable_metadata())[key] = Cut(value, kMaxText);
  return proto;
}

google::rpc::BadRequest ToBadRequest(const std::vector<FieldViolation>& fields) {
  std::vector<Violation> violations;
  for (const FieldViolation& field : fields)
    violations.emplace_back(field.field, field.description);
  google::rpc::BadRequest proto;
  const size_t size = DescriptionSize(violations);
  for (const auto& [name, description] : violations) {
    auto* added = proto.add_field_violations();
    added->set_field(std::string(name));
    added->set_description(Cut(description, size));
  }
  return proto;
}

// The last ones say most: what is nearest to being met.
google::rpc::PreconditionFailure ToPreconditionFailure(const ErrorInfo& info) {
  std::vector<Violation> violations;
  for (const UnmetPrecondition& unmet : info.unmet_preconditions)
    violations.emplace_back(unmet.subject, unmet.description);
  const size_t size = DescriptionSize(violations);
  const auto total = [&] { return SizeOf(violations, size) + violations.size() * info.reason.size(); };
  while (total() > kMaxViolations)
    violations.erase(violations.begin());
  google::rpc::PreconditionFailure proto;
  for (const auto& [subject, description] : violations) {
    auto* added = proto.add_violations();
    added->set_type(info.reason);
    added->set_subject(std::string(subject));
    added->set_description(Cut(description, size));
  }
  return proto;
}

google::rpc::QuotaFailure ToQuotaFailure(const ErrorInfo& info) {
  google::rpc::QuotaFailure proto;
  for (const UnmetPrecondition& unmet : info.unmet_preconditions) {
    auto* added = proto.add_violations();
    added->set_subject(Cut(unmet.subject, kMaxText));
    added->set_description(Cut(unmet.description, kMaxText));
  }
  return proto;
}

google::rpc::ResourceInfo ToResourceInfo(const std::string& id, const absl::Status& status) {
  google::rpc::ResourceInfo proto;
  proto.set_resource_type("ruyi.v1.Video");
  proto.set_resource_name(absl::StrCat("videos/", Cut(id, kMaxText)));
  proto.set_description(Cut({status.message().data(), status.message().size()}, kMaxText));
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
    proto.add_details()->PackFrom(ToBadRequest(info.field_violations));
  if (info.reason == reason::kQuotaExceeded)
    proto.add_details()->PackFrom(ToQuotaFailure(info));
  else if (!info.unmet_preconditions.empty())
    proto.add_details()->PackFrom(ToPreconditionFailure(info));
  if (const auto id = info.metadata.find(kVideoMetadata); id != info.metadata.end())
    proto.add_details()->PackFrom(ToResourceInfo(id->second, status));
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
