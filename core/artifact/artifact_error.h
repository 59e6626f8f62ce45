// Makes the statuses that every artifact store returns (core/artifact/artifact_store.h says when). Functions without
// state; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ruyi {

// Returns DATA_LOSS ARTIFACT_CORRUPT.
absl::Status ArtifactCorrupt(std::string_view message);

// Returns RESOURCE_EXHAUSTED DISK_FULL with a delay after which to try again.
absl::Status DiskFull(std::string_view message);

// Returns DATA_LOSS RESULT_CHANGED.
absl::Status ResultChanged(std::string_view message);

// Returns NOT_FOUND: there is no `file`, which would say whose the artifacts are.
absl::Status NoOwner(std::string_view file);

// Returns FAILED_PRECONDITION unless `owner`, which `file` holds, is the store of jobs `jobs`.
absl::Status CheckOwner(std::string_view file, std::string_view owner, std::string_view jobs);

// Returns NOT_FOUND for a job without a result, and for a blob that is not there.
absl::Status NoResult(std::string_view job_id);
absl::Status NoBlob(std::string_view sha256);

// Returns FAILED_PRECONDITION: the result is sealed, and cannot be written.
absl::Status ResultSealed(std::string_view job_id);

// Returns ABORTED LEASE_LOST; `why` follows the name of the result.
absl::Status ResultLeaseLost(std::string_view job_id, std::string_view why);

// Returns ABORTED LEASE_LOST for a writer with `token`, when one with `largest` has opened the result.
absl::Status ResultTokenTooSmall(std::string_view job_id, int64_t largest, int64_t token);

// Returns INVALID_ARGUMENT unless `job_id` can be the id of a job.
absl::Status CheckJobId(std::string_view job_id);

// Returns OUT_OF_RANGE OFFSET_PAST_END unless `offset` lies from 0 to `size_bytes`.
absl::Status CheckOffset(int64_t offset, int64_t size_bytes);

}  // namespace ruyi
