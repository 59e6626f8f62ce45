// Turns a ValidatedRequest into a VideoSpec: adds the shape of the latents and the seed, and looks at the memory modes.
// Before it: core/request/validate. After it: core/job. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/media/rgb_image.h"
#include "core/plan/admission.h"
#include "core/plan/cost_model.h"
#include "core/plan/video_spec.h"
#include "core/request/validate.h"

namespace ruyi {

inline constexpr int kFramesPerSecond = 24;  // fixed by the model

struct PlannedVideo {
  VideoSpec spec;
  std::vector<RgbImage> pictures;  // of the spec, start pictures first, in the video's size
  Admission admission;             // advice: the worker that takes the job chooses anew
};

class Planner {
 public:
  struct Parts {
    std::function<uint64_t()> draw_seed;  // for requests that bring none
    std::shared_ptr<const CostModel> costs;
    std::function<MemoryBudget()> available;  // what device and host have for a video now, and what lies there
  };
  explicit Planner(Parts parts) : parts_(std::move(parts)) {}

  // Plans the video and refuses nothing: a caller who wants to refuse a video that fits in no mode looks at
  // `admission.chosen`, see NothingFits. `device_bytes` is the memory of the device that the advice is for, on which
  // nothing lies; absent: this device as it is now, as if the work began at once. The host is this one.
  PlannedVideo Plan(ValidatedRequest request, std::optional<int64_t> device_bytes = std::nullopt) const;

 private:
  Parts parts_;
};

}  // namespace ruyi
