// A run for benchmarks. Before it: nothing. After it: the stages of core/pipeline/ruyi. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <utility>

#include "core/pipeline/discard.h"
#include "core/pipeline/ruyi/run_context.h"
#include "core/tensor/random_streams.h"

namespace ruyi::bench {

// That nobody cancels or watches, but for `on_latents`.
struct UnwatchedRun {
  explicit UnwatchedRun(std::function<void(const at::Tensor&)> on_latents = nullptr)
      : observer{.on_latents = std::move(on_latents)} {}

  const CancellationToken token;
  DiscardProgress progress;
  RandomStreams noise{1};
  const RunObserver observer;
  RunContext context = {.token = token, .progress = progress, .noise = noise, .observer = observer};
};

}  // namespace ruyi::bench
