// A caller's wish as it came in, before any check. Before it: server/convert. After it: core/request/validate.
// A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace ruyi {

enum class Camera { kAuto, kStatic, kLeft, kRight, kUp, kDown };
enum class SamplerKind { kDdim, kEuler, kEulerAncestral, kDpmMultistep, kPndm };

struct PixelSize {
  int width = 0;
  int height = 0;
  friend bool operator==(const PixelSize&, const PixelSize&) = default;
};

// Absent optionals take the model's defaults (core/request/limits.h).
struct GenerationRequest {
  std::vector<std::string> start_images;  // encoded bytes
  std::vector<std::string> end_images;    // encoded bytes
  std::optional<int> base_resolution;     // aspect bucket of about base_resolution² pixels; not with `size`
  std::optional<PixelSize> size;          // explicit; not with `base_resolution`
  std::optional<int> frame_count;
  Camera camera = Camera::kAuto;
  std::optional<int> motion;  // 1 (least) to 4; absent: auto
  SamplerKind sampler = SamplerKind::kDdim;
  std::optional<int> steps;
  std::optional<double> guidance_scale;
  std::optional<uint64_t> seed;                                 // absent: drawn
  absl::Duration execution_timeout = absl::InfiniteDuration();  // from the start of the work
};

}  // namespace ruyi
