// GenerateVideoRequest → GenerationRequest, and the question what it would take. Before it: the RPC. After it:
// core/request/validate. Functions without state; thread-safe.
#pragma once

#include <ruyi/v1/video_service.pb.h>

#include <cstdint>
#include <optional>

#include "core/request/generation_request.h"

namespace ruyi {

// What the proto can say and core/request cannot is among the request's `unreadable`: enum numbers that the contract
// does not know, images without a source, durations that are none.
GenerationRequest FromProto(const ruyi::v1::GenerateVideoRequest& proto);

struct EstimateRequest {
  GenerationRequest generation;
  std::optional<int64_t> budget_bytes;  // of the device in question; absent: this server's
};

// A budget that is none is among the generation's `unreadable`.
EstimateRequest FromProto(const ruyi::v1::EstimateVideoRequest& proto);

}  // namespace ruyi
