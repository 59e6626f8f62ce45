// Counts what the cost model must know of loaded models. Before it: ruyi_pipeline.h. After it: core/plan/cost_model. A
// function without state.
#pragma once

#include "core/pipeline/ruyi/models.h"
#include "core/plan/model_facts.h"

namespace ruyi {

// Returns the facts of `models`, whose transformer may lie anywhere. Counts bytes; copies nothing.
ModelFacts FactsOf(const RuyiModels& models);

}  // namespace ruyi
