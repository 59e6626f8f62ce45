// Turns a GenerateVideoRequest into a JobRequest, and an EstimateVideoRequest into an EstimateRequest. Before it: the
// RPC. After it: core/intake. Functions without state; thread-safe.
#pragma once

#include <ruyi/v1/video_service.pb.h>

#include <cstdint>
#include <optional>

#include "core/intake/job_request.h"
#include "core/request/generation_request.h"
#include "core/request/limits.h"

namespace ruyi {

// Converts the request. The message can hold values that core/request has no place for; each becomes a violation in the
// request's `unreadable`: an enum number that the contract does not know, a picture without a source, an invalid
// duration. Lists that are longer than `limits` are refused by their length and not looked into.
GenerationRequest FromProto(const ruyi::v1::GenerateVideoRequest& proto, const RequestLimits& limits);
JobRequest JobRequestFromProto(const ruyi::v1::GenerateVideoRequest& proto, const RequestLimits& limits);

struct EstimateRequest {
  JobRequest job;
  std::optional<int64_t> budget_bytes;  // memory of the device to estimate for; absent: this server's
};

// Converts the question. An invalid vram_mib becomes a violation in the generation's `unreadable`.
EstimateRequest FromProto(const ruyi::v1::EstimateVideoRequest& proto, const RequestLimits& limits);

}  // namespace ruyi
