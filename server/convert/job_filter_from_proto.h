// Reads what a caller asks of a list of jobs: its pages and its filter. Before it: ListVideos and ListJobs. After it:
// core/store. Functions without state; thread-safe.
#pragma once

#include <google/protobuf/map.h>
#include <google/protobuf/repeated_field.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/store/job_store.h"

namespace ruyi {

// Returns the jobs of a page; 0 means the default. INVALID_ARGUMENT, field page_size: it is out of range.
absl::StatusOr<int> PageSizeFromProto(int32_t page_size);

// Returns a filter without a tenant. INVALID_ARGUMENT, field labels: there are too many; field states: a number is no
// state.
absl::StatusOr<JobFilter> JobFilterFromProto(const google::protobuf::RepeatedField<int>& states,
                                             const google::protobuf::Map<std::string, std::string>& labels);

}  // namespace ruyi
