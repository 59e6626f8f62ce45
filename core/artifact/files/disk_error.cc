#include "core/artifact/files/disk_error.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

// Room comes with the next sweep or with an operator; neither is quick.
constexpr absl::Duration kRetryDelay = absl::Seconds(30);

}  // namespace

absl::Status DiskError(int error, std::string_view action, const std::string& path) {
  const std::string message =
      absl::StrFormat("cannot %s %s: %s", action, std::filesystem::path(path).filename().string(),
                      std::generic_category().message(error));
  if (error == ENOSPC || error == EDQUOT)
    return DiskFull(message);
  return ErrorWithReason(absl::StatusCode::kInternal, message, reason::kInternal);
}

absl::Status DiskFull(const std::string& message) {
  return WithErrorInfo(absl::ResourceExhaustedError(message),
                       {.reason = std::string(reason::kDiskFull), .retry_delay = kRetryDelay});
}

absl::Status ArtifactCorrupt(const std::string& message) {
  return ErrorWithReason(absl::StatusCode::kDataLoss, message, reason::kArtifactCorrupt);
}

}  // namespace ruyi
