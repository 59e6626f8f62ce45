// Turns an estimate of a request into the answer of EstimateVideo. Before it: core/intake. After it: the wire. A
// function without state; thread-safe.
#pragma once

#include <ruyi/v1/video_service.pb.h>

#include "absl/time/time.h"
#include "core/plan/planner.h"

namespace ruyi {

// Returns the answer. `queue_wait` is the time until the work would begin.
ruyi::v1::EstimateVideoResponse ToProto(const PlannedVideo& planned, absl::Duration queue_wait);

}  // namespace ruyi
