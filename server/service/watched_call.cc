#include "server/service/watched_call.h"

#include <google/protobuf/descriptor.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_replace.h"

namespace ruyi {

std::string NameOfMethod(std::string_view path) {
  const std::string name(path.substr(path.empty() ? 0 : 1));
  const std::string full_name = absl::StrReplaceAll(name, {{"/", "."}});
  const bool has_form = std::count(name.begin(), name.end(), '/') == 1;
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  return has_form && pool->FindMethodByName(full_name) != nullptr ? name : "other";
}

std::string NameOfCode(grpc::StatusCode code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (status.ok() || !details.ParseFromString(status.error_details()))
    return "";
  for (const google::protobuf::Any& detail : details.details()) {
    if (google::rpc::ErrorInfo info; detail.UnpackTo(&info))
      return info.reason();
  }
  return "";
}

}  // namespace ruyi
