#include "core/plan/cost_model.h"

#include <algorithm>
#include <cmath>

namespace ruyi {
namespace {

// Steps of time and memory that a mode costs beside what it saves, as shares of a step (docs/performance.md).
constexpr double kStreamingShare = 0.02;  // all blocks pass by
constexpr double kOffloadShare = 0.01;    // all states but one wait in the host's memory

constexpr int kPndmExtraCalls = 9;  // its first steps are of Runge and Kutta

constexpr int kTeaCacheTensors = 3;  // as large as the tokens

int CallsOf(const GenerationPlan& plan) {
  return plan.sampler == SamplerKind::kPndm ? plan.steps + kPndmExtraCalls : plan.steps;
}

// That go through one device.
int BranchesOf(const GenerationPlan& plan, const ModelFacts& facts) {
  const bool is_shared = facts.devices == 2 && !plan.tea_cache.has_value() && !plan.enhance.has_value();
  return plan.guidance_scale > 1.0 && !is_shared ? 2 : 1;
}

// `steps` counts from `most` down to `least`, in quarters.
std::vector<int> Quarters(int most) {
  std::vector<int> counts;
  for (int quarter = 4; quarter >= 0; --quarter)
    counts.push_back(most * quarter / 4);
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  return counts;
}

// What the seed offers.
std::vector<int> StateLadder(int most) {
  std::vector<int> counts = {most};
  for (const int count : {10, 7, 5, 1}) {
    if (count < most)
      counts.push_back(count);
  }
  return counts;
}

double PixelsOf(const PixelSize& size) {
  return static_cast<double>(size.width) * size.height;
}

bool UsesTiles(const GenerationPlan& plan, const ModelFacts& facts) {
  return plan.vae_tiling.value_or(facts.tiles.is_default) && facts.tiles.side > 0 &&
         (plan.size.width > facts.tiles.side || plan.size.height > facts.tiles.side);
}

// Tiles that begin along a side.
int TilesAlong(int side, const TileFacts& tiles) {
  const double step = tiles.side * (1 - tiles.overlap);
  return std::max(1, static_cast<int>(std::ceil(side / step)));
}

// How often a chunk passes through the autoencoder, and how many pixels of a frame do so at once.
struct Passes {
  int count = 1;
  double pixels = 0;
};

Passes PassesOf(const GenerationPlan& plan, const ModelFacts& facts) {
  if (!UsesTiles(plan, facts))
    return {.count = 1, .pixels = PixelsOf(plan.size)};
  return {.count = TilesAlong(plan.size.width, facts.tiles) * TilesAlong(plan.size.height, facts.tiles),
          .pixels = static_cast<double>(std::min(plan.size.width, facts.tiles.side)) *
                    std::min(plan.size.height, facts.tiles.side)};
}

int ChunksOf(const GenerationPlan& plan, const ModelFacts& facts) {
  return std::max(1, plan.frame_count / facts.geometry.frames_per_chunk);
}

// Of the pictures and of their mask: the first chunk, the last one where there is an end picture, and an empty one.
int DifferentChunks(const GenerationPlan& plan, const ModelFacts& facts) {
  const int with_pictures = plan.end_images.empty() ? 1 : 2;
  return std::min(ChunksOf(plan, facts), with_pictures + 1);
}

// Of the pictures that tiles are put together from: frames of a chunk, in float32, twice.
double AssemblyBytes(const GenerationPlan& plan, const ModelFacts& facts) {
  constexpr double kBytesPerPixel = 2 * 3 * sizeof(float);
  return UsesTiles(plan, facts) ? kBytesPerPixel * PixelsOf(plan.size) * facts.geometry.frames_per_chunk : 0;
}

double TokensOf(const GenerationPlan& plan, const ModelFacts& facts) {
  return static_cast<double>(plan.latents.frames) * (plan.latents.height / facts.patch_size) *
         (plan.latents.width / facts.patch_size);
}

// What Enhance-A-Video adds to a pass: copies of queries and keys, and how much each frame sees of each other one.
double EnhanceBytes(const GenerationPlan& plan, const ModelFacts& facts, double tokens) {
  constexpr double kBytesPerScore = 2 * sizeof(float) + 2;
  if (!plan.enhance.has_value())
    return 0;
  return tokens * (2.0 * static_cast<double>(facts.token_bytes) + kBytesPerScore * plan.latents.frames * facts.heads);
}

// Of copies of a matrix that live for one product: widened from 8 bits where the calibration did not see that, and with
// LoRAs added.
double MatrixCopyBytes(const GenerationPlan& plan, const ModelFacts& facts) {
  const int copies = (plan.fp8 != facts.fp8 ? 1 : 0) + (plan.lora_bytes > 0 ? 1 : 0);
  return copies * static_cast<double>(facts.largest_matrix_bytes);
}

// Of the blocks that are streamed.
double StreamedShare(const MemoryMode& mode, const ModelFacts& facts) {
  return facts.blocks > 0 ? 1.0 - static_cast<double>(mode.resident_blocks) / facts.blocks : 0;
}

}  // namespace

std::vector<MemoryMode> CostModel::Modes(const GenerationPlan& plan) const {
  // Enhance-A-Video has a score of both branches.
  const bool in_turn = BranchesOf(plan, facts_) == 2 && !plan.enhance.has_value();
  std::vector<MemoryMode> modes;
  for (const int blocks : Quarters(facts_.blocks)) {
    for (const int states : StateLadder(facts_.states))
      modes.push_back({.resident_blocks = blocks, .resident_states = states, .branches_in_turn = in_turn});
  }
  return modes;
}

void CostModel::Learn(const Prediction& predicted, int64_t measured_peak_bytes) {
  const auto weights = static_cast<double>(predicted.Of(Stage::kLoad).peak_bytes);
  const double foreseen = static_cast<double>(predicted.peak_bytes()) - weights;
  const double measured = static_cast<double>(measured_peak_bytes) - weights;
  if (foreseen <= 0 || measured <= foreseen)
    return;
  lessons_->RaiseTo(predicted.raise * measured / foreseen);
}

int64_t CostModel::WeightBytes(const GenerationPlan& plan, const MemoryMode& mode) const {
  int64_t bytes = facts_.other_weight_bytes + facts_.weight_bytes[mode.resident_blocks] + plan.lora_bytes;
  if (plan.fp8 != facts_.fp8)  // made beside those that lie there
    bytes += facts_.fp8_bytes[static_cast<int>(plan.fp8.mode)];
  return bytes;
}

CostModel::Units CostModel::UnitsOf(const GenerationPlan& plan) const {
  const Passes passes = PassesOf(plan, facts_);
  const int chunks = ChunksOf(plan, facts_);
  return {.tokens = TokensOf(plan, facts_),
          .pixels = passes.pixels,
          .calls = CallsOf(plan),
          .encodes = 2 * DifferentChunks(plan, facts_) * passes.count,
          .decodes = (facts_.decodes_seams ? 2 * chunks - 1 : chunks) * passes.count};
}

StageCost CostModel::Encode(const GenerationPlan& plan) const {
  const Units units = UnitsOf(plan);
  return {.peak_bytes = static_cast<int64_t>(calibration_.encode_bytes.At(units.pixels) + AssemblyBytes(plan, facts_)),
          .seconds = units.encodes * calibration_.encode_seconds.At(units.pixels)};
}

// Of a pass through the blocks, as one batch or each branch in turn.
double CostModel::PassBytes(const GenerationPlan& plan, const MemoryMode& mode) const {
  const double tokens = TokensOf(plan, facts_);
  const int branches = BranchesOf(plan, facts_);
  if (mode.branches_in_turn)  // the other branch waits
    return calibration_.step_bytes.At(tokens) + (branches - 1) * tokens * static_cast<double>(facts_.token_bytes);
  return calibration_.step_bytes.At(branches * tokens) + EnhanceBytes(plan, facts_, branches * tokens);
}

// Of what lies there from step to step and from block to block.
double CostModel::KeptBytes(const GenerationPlan& plan, const MemoryMode& mode) const {
  const int branches = BranchesOf(plan, facts_);
  const double tokens = TokensOf(plan, facts_) * static_cast<double>(facts_.token_bytes);
  const int batches = mode.branches_in_turn ? branches : 1;
  // One more is on its way while one is in use.
  const double states = std::min(facts_.states * batches, mode.resident_states * batches + 1);
  const double cached =
      plan.tea_cache.has_value() && !plan.tea_cache->offload ? kTeaCacheTensors * branches * tokens : 0;
  const double conditions =
      static_cast<double>(facts_.condition_bytes) + static_cast<double>(facts_.call_condition_bytes) * CallsOf(plan);
  return states * (branches / batches) * tokens + cached + branches * conditions;
}

double CostModel::UploadSeconds(const MemoryMode& mode) const {
  if (calibration_.upload_bytes_per_second <= 0)
    return 0;
  const auto all_weights = static_cast<double>(facts_.weight_bytes[facts_.blocks]);
  return StreamedShare(mode, facts_) * all_weights / calibration_.upload_bytes_per_second;
}

double CostModel::StepSeconds(const GenerationPlan& plan, const MemoryMode& mode) const {
  const double away = facts_.states > 0 ? 1.0 - static_cast<double>(mode.resident_states) / facts_.states : 0;
  const double passes = BranchesOf(plan, facts_) * calibration_.step_seconds.At(TokensOf(plan, facts_));
  return std::max(passes, UploadSeconds(mode)) *
         (1 + kStreamingShare * StreamedShare(mode, facts_) + kOffloadShare * away);
}

// Keys and values of the conditions take all blocks once, before the first step.
StageCost CostModel::Denoise(const GenerationPlan& plan, const MemoryMode& mode) const {
  return {
      .peak_bytes = static_cast<int64_t>(PassBytes(plan, mode) + KeptBytes(plan, mode) + MatrixCopyBytes(plan, facts_)),
      .seconds = UploadSeconds(mode) + CallsOf(plan) * StepSeconds(plan, mode)};
}

StageCost CostModel::Decode(const GenerationPlan& plan) const {
  const Units units = UnitsOf(plan);
  return {.peak_bytes = static_cast<int64_t>(calibration_.decode_bytes.At(units.pixels) + AssemblyBytes(plan, facts_)),
          .seconds = units.decodes * calibration_.decode_seconds.At(units.pixels)};
}

Prediction CostModel::Predict(const GenerationPlan& plan, const MemoryMode& mode) const {
  Prediction prediction = {.mode = mode};
  prediction.Of(Stage::kClip) = {.peak_bytes = static_cast<int64_t>(calibration_.clip_bytes),
                                 .seconds = calibration_.clip_seconds};
  prediction.Of(Stage::kEncode) = Encode(plan);
  prediction.Of(Stage::kDenoise) = Denoise(plan, mode);
  prediction.Of(Stage::kDecode) = Decode(plan);
  const int64_t weights = WeightBytes(plan, mode);
  prediction.raise = lessons_->raise();
  for (StageCost& cost : prediction.stages)
    cost.peak_bytes = weights + static_cast<int64_t>(prediction.raise * static_cast<double>(cost.peak_bytes));
  return prediction;
}

}  // namespace ruyi
