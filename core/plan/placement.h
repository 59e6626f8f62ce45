// Says where the model lies while a video is made: the memory mode, and why it was chosen. A worker chooses it when it
// takes a job, from its own cost model and the memory that is free then; the placement that intake computes for the
// same request is only advice. Before it: core/plan/admission. After it: core/pipeline. A value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/plan/prediction.h"

namespace ruyi {

struct Placement {
  Prediction prediction;              // for the memory mode that was chosen
  std::vector<Prediction> fallbacks;  // for when the device's memory runs out after all: each smaller than the last
  int64_t budget_bytes = 0;           // the memory that the mode was chosen for
  std::string reason;                 // why this mode
};

}  // namespace ruyi
