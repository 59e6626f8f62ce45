#include "tests/model_bench/bench_shape.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>

#include <random>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/plan/branches.h"
#include "core/request/resolution.h"

namespace ruyi::bench {
namespace {

constexpr uint64_t kSeed = 7;
constexpr int kFrames = 8;  // of a chunk
constexpr int kMostFrames = 1200;
constexpr int kSide = 16;  // pixels of a patch of latents
constexpr int kMostSide = 4096;

bool ParsePositive(absl::string_view text, int& number) {
  return absl::SimpleAtoi(text, &number) && number > 0;
}

bool ParseSize(absl::string_view text, PixelSize& size) {
  const std::vector<absl::string_view> sides = absl::StrSplit(text, 'x');
  if (sides.size() == 2)
    return ParsePositive(sides[0], size.width) && ParsePositive(sides[1], size.height);
  int resolution = 0;
  if (!ParsePositive(text, resolution))
    return false;
  size = BucketSize({.width = 16, .height = 9}, resolution);
  return true;
}

RgbImage NoisePicture(const PixelSize& size) {
  RgbImage image = {.width = size.width, .height = size.height};
  std::minstd_rand random(kSeed);
  for (size_t i = 0; i < image.row_bytes() * image.height; ++i)
    image.pixels.push_back(static_cast<uint8_t>(random() >> 8));
  return image;
}

// Returns x for the branch without the condition and the one with it, where both are asked for.
at::Tensor ForBranches(const at::Tensor& x, bool guided) {
  return guided ? at::cat({x, x}) : x;
}

}  // namespace

absl::StatusOr<BenchShape> ParseShape(std::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(absl::string_view(text.data(), text.size()), '@');
  BenchShape shape;
  if (parts.size() != 2 || !ParsePositive(parts[0], shape.frames) || !ParseSize(parts[1], shape.size))
    return absl::InvalidArgumentError(absl::StrFormat("'%s' is not FRAMES@WIDTHxHEIGHT or FRAMES@RESOLUTION", text));
  const auto fits = [](int number, int multiple, int most) { return number % multiple == 0 && number <= most; };
  if (!fits(shape.frames, kFrames, kMostFrames) || !fits(shape.size.width, kSide, kMostSide) ||
      !fits(shape.size.height, kSide, kMostSide))
    return absl::InvalidArgumentError(absl::StrFormat(
        "'%s' has no shape of a video: frames are multiples of %d up to %d, width and height multiples of %d up to %d",
        text, kFrames, kMostFrames, kSide, kMostSide));
  return shape;
}

std::string NameOf(const BenchShape& shape) {
  return absl::StrFormat("%d@%dx%d", shape.frames, shape.size.width, shape.size.height);
}

VideoInput InputOf(const BenchShape& shape, bool is_guided, int steps, const LatentGeometry& geometry) {
  VideoInput input;
  VideoSpec& spec = input.spec;
  spec.size = shape.size;
  spec.frame_count = shape.frames;
  spec.latents = LatentsOf(spec.size, spec.frame_count, geometry);
  spec.steps = steps;
  spec.guidance_scale = is_guided ? 7.0 : 1.0;
  spec.clip_apply_ratio = 0.4;
  spec.seed = kSeed;
  input.SetPictures({NoisePicture(shape.size)}, {});
  return input;
}

at::Tensor RandomTensor(at::IntArrayRef shape, const TensorPlacement& placement) {
  return at::randn(shape, at::TensorOptions(placement.device).dtype(placement.dtype));
}

absl::StatusOr<Conditions> RandomConditions(const RuyiModels& models, const VideoSpec& spec) {
  const DitConfig& config = models.dit.config();
  const LatentShape& latents = spec.latents;
  const bool guided = IsGuided(spec);
  RUYI_ASSIGN_OR_RETURN(const ControlEmbedding prompt, models.embeddings.Positive(spec.camera, spec.motion));
  const int64_t patches = models.clip_vision.config.patches();
  const TensorPlacement on_cpu;
  return Conditions{
      .dit = {.text = ForBranches(prompt.text, guided),
              .text_mask = ForBranches(prompt.text_mask, guided),
              .t5 = ForBranches(prompt.t5, guided),
              .t5_mask = ForBranches(prompt.t5_mask, guided),
              .sizes = ForBranches(RandomTensor({1, 6}, on_cpu), guided),
              .clip_tokens = ForBranches(RandomTensor({1, patches, config.clip_dim}, models.placement), guided),
              .clip_mask = ForBranches(at::ones({1, config.clip_queries}), guided)},
      .inpaint_latents =
          RandomTensor({1, 2 * latents.channels, latents.frames, latents.height, latents.width}, on_cpu)};
}

}  // namespace ruyi::bench
