// Turns errors of a disk into statuses. Functions without state; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ruyi {

// Returns the status that says that `action` on `path` failed with the error number `error` of the system.
// RESOURCE_EXHAUSTED DISK_FULL for a full disk or quota, INTERNAL for all others. The message has the name of the file,
// not of its folders.
absl::Status DiskError(int error, std::string_view action, const std::string& path);

}  // namespace ruyi
