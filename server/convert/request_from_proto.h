// GenerateVideoRequest → GenerationRequest. Before it: the RPC. After it: core/request/validate. Functions without
// state; thread-safe.
#pragma once

#include <ruyi/v1/video_service.pb.h>

#include "core/request/generation_request.h"

namespace ruyi {

// What the proto can say and core/request cannot is among the request's `unreadable`: enum numbers that the contract
// does not know, images without a source, durations that are none.
GenerationRequest FromProto(const ruyi::v1::GenerateVideoRequest& proto);

}  // namespace ruyi
