// Converts memory settings, and memory modes with what they take, between core and the contract. Before it:
// request_from_proto.h, or a plan. After it: core/request/validate, or event_to_proto.h and estimate_to_proto.h.
// Functions without state; thread-safe.
#pragma once

#include <ruyi/v1/video.pb.h>

#include <cstdint>

#include "core/plan/placement.h"
#include "core/plan/prediction.h"
#include "core/request/generation_request.h"
#include "server/convert/time_to_proto.h"

namespace ruyi {

// Fills in vae_tiling and memory of `request`, and adds violations for values that cannot be read.
void FillMemory(const ruyi::v1::Memory& proto, GenerationRequest& request);

ruyi::v1::MemoryMode ToProto(const MemoryMode& mode);
ruyi::v1::StageCost ToProto(Stage stage, const StageCost& cost);

// Fills in mode, peaks, time and stages of a MemoryPlan or a ModeEstimate.
template <typename Proto>
void FillPrediction(const Prediction& prediction, Proto& proto) {
  *proto.mutable_mode() = ToProto(prediction.mode);
  proto.set_predicted_mib(MibOf(prediction.peak_bytes()));
  proto.set_predicted_host_mib(MibOf(prediction.host_bytes));
  *proto.mutable_predicted_time() = ToProto(absl::Seconds(prediction.seconds()));
  for (int i = 0; i < kStages; ++i)
    *proto.add_stages() = ToProto(static_cast<Stage>(i), prediction.stages[i]);
}

// Returns the plan of `placement`: its memory mode, and how that was chosen.
ruyi::v1::MemoryPlan ToProto(const Placement& placement);

}  // namespace ruyi
