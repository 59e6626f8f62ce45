#include "core/pipeline/ruyi/stage_meter.h"

#include <algorithm>

#include "core/tensor/device.h"

namespace ruyi {

StageMeter::StageMeter(const Placed& placed)
    : device_(placed.device), weight_bytes_(placed.device.is_cpu() ? placed.weight_bytes : 0), memory_(placed.device) {
  CostOf(costs_, Stage::kLoad) = {.peak_bytes = placed.weight_bytes,
                                  .seconds = std::chrono::duration<double>(placed.load_time).count()};
}

void StageMeter::Enter(Stage stage) {
  End();
  stage_ = stage;
  begin_ = std::chrono::steady_clock::now();
}

const StageCosts& StageMeter::Finish() {
  End();
  return costs_;
}

void StageMeter::End() {
  if (!stage_.has_value()) {
    memory_.TakePeak();  // forgets the peak before the first stage
    return;
  }
  AwaitDevice(device_);
  StageCost& cost = CostOf(costs_, *stage_);
  cost.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  cost.peak_bytes = std::max(cost.peak_bytes, weight_bytes_ + memory_.TakePeak());
  stage_.reset();
}

}  // namespace ruyi
