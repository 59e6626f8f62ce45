// Says how little of a device's memory any video can be made in: what a budget must not fall below. Before it: a budget
// that an administrator gives. After it: core/plan/cost_model, which predicts. A function without state; thread-safe.
#pragma once

#include <cstdint>

#include "core/plan/cost_model.h"
#include "core/request/limits.h"

namespace ruyi {

// Returns the bytes that the smallest video within `limits` takes at its peak, in the memory mode that takes least.
int64_t LeastDeviceBytes(const CostModel& costs, const RequestLimits& limits);

}  // namespace ruyi
