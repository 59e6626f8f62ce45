// A run for benchmarks. Before it: nothing. After it: the stages of core/pipeline/ruyi. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <utility>
#include <vector>

#include "core/pipeline/discard.h"
#include "core/pipeline/ruyi/run_context.h"
#include "core/tensor/random_streams.h"

namespace ruyi::bench {

// A run that nobody cancels or watches, but for `on_latents`. `pictures` are those of the spec, where a stage looks at
// them.
struct UnwatchedRun {
  explicit UnwatchedRun(std::vector<RgbImage> pictures_of_run = {},
                        std::function<void(const at::Tensor&)> on_latents = nullptr)
      : pictures(std::move(pictures_of_run)), observer{.on_latents = std::move(on_latents)} {}
  UnwatchedRun(const UnwatchedRun&) = delete;
  UnwatchedRun& operator=(const UnwatchedRun&) = delete;

  const std::vector<RgbImage> pictures;
  DiscardAll nobody;
  RandomStreams noise{1};
  const RunObserver observer;
  RunControl control = nobody.Of(pictures);
  RunContext context = {.control = control, .noise = noise, .observer = observer};
};

}  // namespace ruyi::bench
