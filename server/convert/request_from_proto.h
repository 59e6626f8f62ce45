// GenerateVideoRequest → GenerationRequest. Before it: the RPC. After it: core/request/validate. Functions without
// state; thread-safe.
#pragma once

#include <ruyi/v1/video_service.pb.h>

#include "absl/status/statusor.h"
#include "core/request/generation_request.h"

namespace ruyi {

// Takes what the proto can say and core/request cannot: INVALID_ARGUMENT with violations for enum numbers that are
// unknown, for images without a source and for durations that are none.
absl::StatusOr<GenerationRequest> FromProto(const ruyi::v1::GenerateVideoRequest& proto);

}  // namespace ruyi
