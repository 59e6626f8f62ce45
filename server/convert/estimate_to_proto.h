// What a request would take → the answer of EstimateVideo. Before it: server/service/job_intake. After it: the wire. A
// function without state; thread-safe.
#pragma once

#include <ruyi/v1/video_service.pb.h>

#include "absl/time/time.h"
#include "core/plan/planner.h"

namespace ruyi {

// `queue_wait`: until the work would begin.
ruyi::v1::EstimateVideoResponse ToProto(const Estimate& estimate, absl::Duration queue_wait);

}  // namespace ruyi
