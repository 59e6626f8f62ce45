// Turns a job's record into a Video. Before it: core/store. After it: the wire. Functions without state; thread-safe.
#pragma once

#include <ruyi/v1/video.pb.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/job/job_record.h"
#include "core/plan/planner.h"

namespace ruyi {

// Returns "videos/{id}".
std::string VideoNameOf(std::string_view id);

// Returns the id in "videos/{id}". INVALID_ARGUMENT, field name: `name` has another form.
absl::StatusOr<std::string> IdOfVideo(const std::string& name);

ruyi::v1::Video ToProto(const JobRecord& record);

// Returns the video as it was when its job was created.
ruyi::v1::Video AcceptedVideo(const JobRecord& record, const Placement& placement);

// Returns the video that a request would become, without a job.
ruyi::v1::Video ToProto(const PlannedVideo& planned);

ruyi::v1::VideoProgress ToProto(const JobProgress& progress);

// Returns nullopt for a state that no job has, VIDEO_STATE_UNSPECIFIED included.
std::optional<JobState> FromProto(ruyi::v1::VideoState state);

}  // namespace ruyi
