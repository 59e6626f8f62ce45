// Turns specs, placements, events, records and statuses into JSON text and back, for stores that keep bytes and for
// processes that talk to each other. Words stand for enums, durations are nanoseconds, binary digests are in hex.
// Readers ignore keys that they do not know. Functions without state; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/job/job_event.h"
#include "core/job/job_record.h"
#include "core/plan/placement.h"
#include "core/plan/video_spec.h"

namespace ruyi {

// The number of the format in every text that is written; readers refuse texts with a larger one.
inline constexpr int kJobJsonFormat = 1;

std::string SpecToJson(const VideoSpec& spec);
std::string PlacementToJson(const Placement& placement);
std::string EventToJson(const JobEvent& event);
std::string RecordToJson(const JobRecord& record);
std::string StatusToJson(const absl::Status& status);

// Each reads one value from `text`, and ends with DATA_LOSS when `text` is not JSON, is of a later format, or a key is
// missing or has a value of another type; the message names the key.
absl::StatusOr<VideoSpec> SpecFromJson(std::string_view text);
absl::StatusOr<Placement> PlacementFromJson(std::string_view text);
absl::StatusOr<JobEvent> EventFromJson(std::string_view text);
absl::StatusOr<JobRecord> RecordFromJson(std::string_view text);

// Does the same for a status, which cannot be the value of a StatusOr: reads it into `status`.
absl::Status StatusFromJson(std::string_view text, absl::Status& status);

// Returns the parts of `spec` that decide a video's bytes, and nothing else, with the keys in order: equal texts mean
// equal videos, given the same model and build. Pictures count by their pixels, LoRAs by name and content.
std::string CanonicalJson(const VideoSpec& spec);

}  // namespace ruyi
