#include "core/store/sqlite/sqlite_status.h"

#include <sqlite3.h>

#include <string>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

constexpr absl::Duration kDiskRetryDelay = absl::Seconds(30);

absl::Status DiskFull(std::string_view path, std::string_view message) {
  return WithErrorInfo(
      absl::ResourceExhaustedError(absl::StrFormat(
          "%s cannot be written: %s; make room on its disk, or delete old videos, and try again", path, message)),
      {.reason = std::string(reason::kDiskFull), .retry_delay = kDiskRetryDelay});
}

}  // namespace

absl::Status StatusOfSqlite(int code, std::string_view path, std::string_view message) {
  constexpr int kPrimary = 0xff;  // an extended code has its kind in the lowest byte
  switch (code & kPrimary) {
    case SQLITE_FULL:
      return DiskFull(path, message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(
          absl::StrFormat("%s is damaged: %s; move it away together with its -wal file and restore a back-up, or move "
                          "the folder of artifacts away too and start without jobs",
                          path, message));
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return absl::FailedPreconditionError(absl::StrFormat(
          "%s cannot be opened for writing: %s; look at the permissions of the file and its folder", path, message));
    default:
      return absl::InternalError(absl::StrFormat("%s: SQLite says %s (%d)", path, message, code));
  }
}

}  // namespace ruyi
