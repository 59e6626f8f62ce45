// Holds what an absl::Status of ours carries beside code and message: a reason that programs can test, key/value
// metadata, field violations, unmet preconditions and a retry delay. They travel as status payloads, so core/ needs no
// Protobuf; server/convert turns them into google.rpc details. Values; thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace ruyi {

// One wrong field of a request. `field` is a path in the request message ("start_images[0]", "frame_count").
struct FieldViolation {
  std::string field;
  std::string description;  // what was wrong, what was expected, what to do
};

// A condition that the server does not meet, while the request itself is well formed.
struct UnmetPrecondition {
  std::string subject;      // what was looked at, e.g. a memory mode
  std::string description;  // what it takes against what there is
};

struct ErrorInfo {
  std::string reason;                           // UPPER_SNAKE, from core/base/error_reasons.h
  std::map<std::string, std::string> metadata;  // e.g. {"queue_capacity", "16"}
  std::vector<FieldViolation> field_violations;
  std::vector<UnmetPrecondition> unmet_preconditions;
  std::optional<absl::Duration> retry_delay;  // when the same call may succeed; absent: do not retry
};

// Returns `status` carrying `info`. `status` must not be OK.
absl::Status WithErrorInfo(absl::Status status, const ErrorInfo& info);

// Returns a status that carries a reason and nothing else.
absl::Status ErrorWithReason(absl::StatusCode code, std::string_view message, std::string_view reason);

// Returns INVALID_ARGUMENT with all violations of a request; the message lists them. `violations` must not be empty.
absl::Status InvalidFields(std::vector<FieldViolation> violations);

// Returns `status` with "`prefix`: " before its message; it carries what `status` carries. `status` must not be OK.
absl::Status WithPrefix(std::string_view prefix, const absl::Status& status);

// Returns what WithErrorInfo attached, or an empty ErrorInfo when nothing was attached.
ErrorInfo GetErrorInfo(const absl::Status& status);

}  // namespace ruyi
