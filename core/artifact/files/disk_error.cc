#include "core/artifact/files/disk_error.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"
#include "core/artifact/artifact_error.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {

absl::Status DiskError(int error, std::string_view action, const std::string& path) {
  const std::string message =
      absl::StrFormat("cannot %s %s: %s", action, std::filesystem::path(path).filename().string(),
                      std::generic_category().message(error));
  if (error == ENOSPC || error == EDQUOT)
    return DiskFull(message);
  return ErrorWithReason(absl::StatusCode::kInternal, message, reason::kInternal);
}

}  // namespace ruyi
