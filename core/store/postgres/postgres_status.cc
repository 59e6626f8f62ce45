#include "core/store/postgres/postgres_status.h"

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

constexpr absl::Duration kAwayRetryDelay = absl::Seconds(2);
constexpr absl::Duration kDiskRetryDelay = absl::Seconds(30);

// Messages of PostgreSQL's library end with a newline.
std::string_view Trimmed(std::string_view message) {
  const size_t last = message.find_last_not_of(" \n");
  return message.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// Returns true when another attempt, on another connection or later, may find the database as it should be.
bool IsAway(std::string_view sqlstate) {
  constexpr std::string_view kReadOnly = "25006";  // a standby, after its primary has gone
  return sqlstate.starts_with("08") || sqlstate.starts_with("57") || sqlstate == "53300" || sqlstate == "53400" ||
         sqlstate == "55P03" || sqlstate == kReadOnly || IsConflict(sqlstate);
}

}  // namespace

absl::Status DatabaseAway(std::string_view where, std::string_view message) {
  return WithErrorInfo(
      absl::UnavailableError(absl::StrFormat("the database of jobs at %s cannot be asked: %s; jobs that are being made "
                                             "go on; try again",
                                             where, Trimmed(message))),
      {.reason = std::string(reason::kStoreUnavailable), .retry_delay = kAwayRetryDelay});
}

absl::Status StatusOfPostgres(std::string_view sqlstate, std::string_view where, std::string_view message) {
  message = Trimmed(message);
  if (IsAway(sqlstate))
    return DatabaseAway(where, message);
  if (sqlstate == "53100") {
    return WithErrorInfo(
        absl::ResourceExhaustedError(absl::StrFormat("the database of jobs at %s cannot be written: %s; make room on "
                                                     "its disk, and try again",
                                                     where, message)),
        {.reason = std::string(reason::kDiskFull), .retry_delay = kDiskRetryDelay});
  }
  if (sqlstate.starts_with("XX0") && sqlstate != "XX000") {
    return absl::DataLossError(
        absl::StrFormat("the database of jobs at %s is damaged: %s; restore a back-up", where, message));
  }
  if (sqlstate == "22021") {
    return absl::InvalidArgumentError(
        absl::StrFormat("a text cannot be kept: %s; send Unicode without zero bytes", message));
  }
  if (sqlstate == "42501" || sqlstate == "3F000") {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the database of jobs at %s refuses its user: %s; let the user own a schema of it", where, message));
  }
  return absl::InternalError(absl::StrFormat("%s: PostgreSQL says %s (%s)", where, message, sqlstate));
}

bool IsConflict(std::string_view sqlstate) {
  constexpr std::string_view kSerialization = "40001";
  constexpr std::string_view kDeadlock = "40P01";
  constexpr std::string_view kUniqueViolation = "23505";  // the next attempt finds what was there first
  return sqlstate == kSerialization || sqlstate == kDeadlock || sqlstate == kUniqueViolation;
}

}  // namespace ruyi
