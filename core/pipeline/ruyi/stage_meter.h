// Measures what each stage of a video takes: time, and the device's memory at its highest. Before it: ruyi_pipeline.h.
// After it: the cost model, which learns from it. Waits for the device where stages meet, and nowhere else. Not
// thread-safe: belongs to the thread that computes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/plan/prediction.h"
#include "core/tensor/device_memory.h"

namespace ruyi {

class StageMeter {
 public:
  // Says what placing the model (Stage::kLoad) took.
  struct Placed {
    c10::Device device;
    int64_t weight_bytes = 0;  // count to every peak; on a GPU its allocator knows them
    std::chrono::steady_clock::duration load_time{};
  };
  explicit StageMeter(const Placed& placed);

  // Ends the stage that runs, and begins `stage`.
  void Enter(Stage stage);

  // Ends the stage that runs, and returns what was measured of all stages. A stage that was entered twice has the sum
  // of its times.
  const StageCosts& Finish();

 private:
  void End();

  const c10::Device device_;
  const int64_t weight_bytes_;
  StageCosts costs_;
  std::optional<Stage> stage_;
  MemoryMeter memory_;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace ruyi
