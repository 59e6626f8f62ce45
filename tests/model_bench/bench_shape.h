// The videos that are measured, and what a model needs to make them. Before it: flags. After it: the benches. Values.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/pipeline/ruyi/conditioner.h"
#include "core/plan/video_spec.h"
#include "tests/support/video_input.h"

namespace ruyi::bench {

struct BenchShape {
  int frames = 0;
  PixelSize size;
};

// "24@672x384": 24 frames of that width and height; "24@512": those that a picture of 16:9 gets at that resolution.
// INVALID_ARGUMENT: anything else.
absl::StatusOr<BenchShape> ParseShape(std::string_view text);

// "24@672x384"
std::string NameOf(const BenchShape& shape);

// Returns an input with a start picture of noise, and with or without guidance.
VideoInput InputOf(const BenchShape& shape, bool is_guided, int steps, const LatentGeometry& geometry);

// Standard normal numbers on the device of `placement`, in its type.
at::Tensor RandomTensor(at::IntArrayRef shape, const TensorPlacement& placement);

// Conditions as Condition makes them for `spec`, but of noise: in no time and memory.
absl::StatusOr<Conditions> RandomConditions(const RuyiModels& models, const VideoSpec& spec);

}  // namespace ruyi::bench
