// Makes folders that only their owner may look into. Functions without state; thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace ruyi {

// Makes the folder `path` in a folder that is there; returns OK also when `path` is there already. FAILED_PRECONDITION:
// it cannot be made, or is not a folder. RESOURCE_EXHAUSTED DISK_FULL: there is no room.
absl::Status MakeFolder(const std::string& path);

}  // namespace ruyi
