#include "core/plan/cost_model.h"

#include <algorithm>
#include <cmath>

#include "core/base/power_slabs.h"
#include "core/plan/branches.h"

namespace ruyi {
namespace {

// Steps of time and memory that a mode costs beside what it saves, as shares of a step (docs/performance.md).
constexpr double kStreamingShare = 0.02;  // all blocks pass by
constexpr double kOffloadShare = 0.01;    // all states but one wait in the host's memory
constexpr double kSlabShare = 0.01;       // the autoencoder in slabs, at least, of its own time

constexpr int kPndmExtraCalls = 9;  // its first steps are of Runge and Kutta

constexpr int kTeaCacheTensors = 3;  // as large as the tokens

int CallsOf(const VideoSpec& spec) {
  return spec.sampler == SamplerKind::kPndm ? spec.steps + kPndmExtraCalls : spec.steps;
}

// `steps` counts from `most` down to `least`, in quarters.
std::vector<int> Quarters(int most) {
  std::vector<int> counts;
  for (int quarter = 4; quarter >= 0; --quarter)
    counts.push_back(most * quarter / 4);
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  return counts;
}

// Returns the numbers of resident states that modes may have.
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

bool UsesTiles(const VideoSpec& spec, const ModelFacts& facts) {
  return spec.vae_tiling.value_or(facts.tiles.is_default) && facts.tiles.side > 0 &&
         (spec.size.width > facts.tiles.side || spec.size.height > facts.tiles.side);
}

// Returns how many tiles begin along a side.
int TilesAlong(int side, const TileFacts& tiles) {
  const double step = tiles.side * (1 - tiles.overlap);
  return std::max(1, static_cast<int>(std::ceil(side / step)));
}

// Says how often a chunk passes through the autoencoder, and how many pixels of a frame do so at once.
struct Passes {
  int count = 1;
  double pixels = 0;
};

Passes PassesOf(const VideoSpec& spec, const ModelFacts& facts) {
  if (!UsesTiles(spec, facts))
    return {.count = 1, .pixels = PixelsOf(spec.size)};
  return {.count = TilesAlong(spec.size.width, facts.tiles) * TilesAlong(spec.size.height, facts.tiles),
          .pixels = static_cast<double>(std::min(spec.size.width, facts.tiles.side)) *
                    std::min(spec.size.height, facts.tiles.side)};
}

int ChunksOf(const VideoSpec& spec, const ModelFacts& facts) {
  return std::max(1, spec.frame_count / facts.geometry.frames_per_chunk);
}

// Returns how many different chunks the pictures and their mask have: the first one, the last one where there is an end
// picture, and an empty one.
int DifferentChunks(const VideoSpec& spec, const ModelFacts& facts) {
  const int with_pictures = spec.end_pictures.empty() ? 1 : 2;
  return std::min(ChunksOf(spec, facts), with_pictures + 1);
}

// Returns the bytes of the frames of a chunk that are put together from tiles, in float32, twice.
double AssemblyBytes(const VideoSpec& spec, const ModelFacts& facts) {
  constexpr double kBytesPerPixel = 2 * 3 * sizeof(float);
  return UsesTiles(spec, facts) ? kBytesPerPixel * PixelsOf(spec.size) * facts.geometry.frames_per_chunk : 0;
}

double TokensOf(const VideoSpec& spec, const ModelFacts& facts) {
  return static_cast<double>(spec.latents.frames) * (spec.latents.height / facts.patch_size) *
         (spec.latents.width / facts.patch_size);
}

// Returns the bytes that Enhance-A-Video adds to a pass: copies of queries and keys, and how much each frame sees of
// each other one.
double EnhanceBytes(const VideoSpec& spec, const ModelFacts& facts, double tokens) {
  constexpr double kBytesPerScore = 2 * sizeof(float) + 2;
  if (!spec.enhance.has_value())
    return 0;
  return tokens * (2.0 * static_cast<double>(facts.token_bytes) + kBytesPerScore * spec.latents.frames * facts.heads);
}

// Returns the bytes of the copies of a matrix that live for one product: one widened from 8 bits, where the calibration
// did not see that, and one with LoRAs added.
double MatrixCopyBytes(const VideoSpec& spec, const ModelFacts& facts) {
  const int copies = (spec.fp8 != facts.fp8 ? 1 : 0) + (spec.lora_bytes > 0 ? 1 : 0);
  return copies * static_cast<double>(facts.largest_matrix_bytes);
}

// Returns the bytes that products in 8 bits add to a pass over `tokens`, where the calibration did not see them.
double ScaledBytes(const VideoSpec& spec, const ModelFacts& facts, double tokens) {
  const bool is_scaled = spec.fp8.mode != Fp8Mode::kNone && spec.fp8.arithmetic == Fp8Arithmetic::kScaled;
  return is_scaled && spec.fp8 != facts.fp8 ? tokens * static_cast<double>(facts.scaled_token_bytes) : 0;
}

// Returns the share of the blocks that are streamed.
double StreamedShare(const MemoryMode& mode, const ModelFacts& facts) {
  return facts.blocks > 0 ? 1.0 - static_cast<double>(mode.resident_blocks) / facts.blocks : 0;
}

// Returns the bytes of the host's memory that so many tensors of `bytes` each take there, see StateStore.
int64_t BytesOnHost(int64_t count, int64_t bytes, const ModelFacts& facts) {
  return facts.is_on_host ? count * bytes : SlabBytesOf(count, bytes);
}

// Returns how long `bytes` take at a rate of the calibration.
double SecondsFor(int64_t bytes, double bytes_per_second) {
  return bytes_per_second > 0 ? static_cast<double>(bytes) / bytes_per_second : 0;
}

bool AreSame(const Fp8Settings& a, const Fp8Settings& b) {
  return a == b || (a.mode == Fp8Mode::kNone && b.mode == Fp8Mode::kNone);
}

// Returns the weights that a request has in the place of the loaded ones; null: it has those.
const StoredWeights* InsteadOfLoaded(const Fp8Settings& fp8, const ModelFacts& facts) {
  const auto found = std::find_if(facts.instead.begin(), facts.instead.end(), [&](const StoredWeights& stored) {
    return stored.fp8.mode == fp8.mode && stored.fp8.arithmetic == fp8.arithmetic;
  });
  return fp8 == facts.fp8 || found == facts.instead.end() ? nullptr : &*found;
}

const std::vector<int64_t>& WeightBytesOf(const Fp8Settings& fp8, const ModelFacts& facts) {
  const StoredWeights* const instead = InsteadOfLoaded(fp8, facts);
  return instead != nullptr ? instead->weight_bytes : facts.weight_bytes;
}

const std::vector<int64_t>& RingBytesOf(const Fp8Settings& fp8, const ModelFacts& facts) {
  const StoredWeights* const instead = InsteadOfLoaded(fp8, facts);
  return instead != nullptr ? instead->ring_bytes : facts.ring_bytes;
}

// Predicts one pass of a chunk through the autoencoder, in slabs or not. Measurements scatter, and slabs never save
// time.
StageCost PassCost(const PassCurves& whole, const PassCurves& slabs, bool in_slabs, double pixels) {
  const double whole_seconds = whole.seconds.At(pixels);
  if (!in_slabs)
    return {.peak_bytes = static_cast<int64_t>(whole.bytes.At(pixels)), .seconds = whole_seconds};
  return {.peak_bytes = static_cast<int64_t>(slabs.bytes.At(pixels)),
          .seconds = std::max(slabs.seconds.At(pixels), (1 + kSlabShare) * whole_seconds)};
}

// Returns whether the autoencoder goes by slabs in each mode that is offered: in a small device's memory it has been
// measured in no other way, and before it is calibrated in none.
std::vector<bool> SlabChoices(const Calibration& calibration) {
  const bool knows_slabs = calibration.slab_decode.bytes != Curve();
  if (!knows_slabs)
    return {false};
  return calibration.decode.bytes == Curve() ? std::vector<bool>{true} : std::vector<bool>{false, true};
}

// Returns true where a pass takes what the calibration measured, and every step is made.
bool IsTimeCalibrated(const VideoSpec& spec, const ModelFacts& facts) {
  return AreSame(spec.fp8, facts.fp8) && !spec.tea_cache.has_value() && !spec.easy_cache.has_value();
}

// Returns the seconds of all stages but that of placing the model.
double WorkSeconds(const StageCosts& costs) {
  double seconds = 0;
  for (const Stage stage : {Stage::kEncode, Stage::kClip, Stage::kDenoise, Stage::kDecode})
    seconds += CostOf(costs, stage).seconds;
  return seconds;
}

}  // namespace

std::vector<MemoryMode> CostModel::Modes(const VideoSpec& spec) const {
  // Enhance-A-Video has a score of both branches.
  const bool in_turn = BranchesPerDevice(spec, facts_.devices) == 2 && !spec.enhance.has_value();
  std::vector<MemoryMode> modes;
  for (const int blocks : Quarters(facts_.blocks)) {
    for (const int states : StateLadder(facts_.states)) {
      for (const bool in_slabs : SlabChoices(calibration_)) {
        modes.push_back({.resident_blocks = blocks,
                         .resident_states = states,
                         .branches_in_turn = in_turn,
                         .autoencoder_in_slabs = in_slabs});
      }
    }
  }
  return modes;
}

void CostModel::Learn(const Prediction& predicted, int64_t measured_peak_bytes) {
  const auto weights = static_cast<double>(predicted.Of(Stage::kLoad).peak_bytes);
  const double foreseen = static_cast<double>(predicted.peak_bytes()) - weights;
  const double measured = static_cast<double>(measured_peak_bytes) - weights;
  if (foreseen <= 0 || measured <= foreseen)
    return;
  peaks_->RaiseTo(predicted.raise * measured / foreseen);
}

bool CostModel::LearnTime(const VideoSpec& spec, const MemoryMode& mode, const StageCosts& measured) {
  const double foreseen = WorkSeconds(Calibrated(spec, mode));
  const double taken = WorkSeconds(measured);
  if (!IsTimeCalibrated(spec, facts_) || foreseen <= 0 || taken <= 0)
    return false;
  times_->Learn(taken / foreseen);
  return true;
}

CostModel CostModel::Frozen() const {
  auto peaks = std::make_shared<PeakLessons>();
  peaks->RaiseTo(peaks_->raise());
  return CostModel(facts_, calibration_, std::move(peaks),
                   std::make_shared<TimeLessons>(std::vector<double>{times_->factor()}));
}

int64_t CostModel::WeightBytes(const VideoSpec& spec, const MemoryMode& mode) const {
  return facts_.other_weight_bytes + WeightBytesOf(spec.fp8, facts_)[mode.resident_blocks] + spec.lora_bytes;
}

// Returns the bytes of the host's memory that the blocks of one device are streamed from.
int64_t CostModel::RingBytes(const VideoSpec& spec, const MemoryMode& mode) const {
  const std::vector<int64_t>& rings = RingBytesOf(spec.fp8, facts_);
  return rings.empty() ? 0 : rings[mode.resident_blocks];
}

// Returns what waits in the host's memory: streamed blocks, states that are away, what TeaCache keeps there.
int64_t CostModel::HostBytes(const VideoSpec& spec, const MemoryMode& mode) const {
  const int branches = BranchesPerDevice(spec, facts_.devices);
  const int devices = UsesSecondDevice(spec, facts_.devices) ? 2 : 1;
  const auto tokens = static_cast<int64_t>(TokensOf(spec, facts_)) * facts_.token_bytes;
  const int64_t ring = RingBytes(spec, mode);
  const int batches = mode.branches_in_turn ? branches : 1;
  const int64_t away = static_cast<int64_t>(facts_.states - mode.resident_states) * batches;
  const int64_t states = BytesOnHost(away, branches / batches * tokens, facts_);
  const bool caches = spec.tea_cache.has_value() && spec.tea_cache->offload;
  return facts_.devices * ring + devices * states + (caches ? kTeaCacheTensors * branches * tokens : 0);
}

CostModel::Units CostModel::UnitsOf(const VideoSpec& spec) const {
  const Passes passes = PassesOf(spec, facts_);
  const int chunks = ChunksOf(spec, facts_);
  return {.tokens = TokensOf(spec, facts_),
          .pixels = passes.pixels,
          .calls = CallsOf(spec),
          .encodes = 2 * DifferentChunks(spec, facts_) * passes.count,
          .decodes = (facts_.decodes_seams ? 2 * chunks - 1 : chunks) * passes.count};
}

StageCost CostModel::Encode(const VideoSpec& spec, const MemoryMode& mode) const {
  const Units units = UnitsOf(spec);
  const StageCost pass =
      PassCost(calibration_.encode, calibration_.slab_encode, mode.autoencoder_in_slabs, units.pixels);
  return {.peak_bytes = pass.peak_bytes + static_cast<int64_t>(AssemblyBytes(spec, facts_)),
          .seconds = units.encodes * pass.seconds};
}

// Returns the bytes of a pass through the blocks, as one batch or each branch in turn.
double CostModel::PassBytes(const VideoSpec& spec, const MemoryMode& mode) const {
  const double tokens = TokensOf(spec, facts_);
  const int branches = BranchesPerDevice(spec, facts_.devices);
  if (mode.branches_in_turn)  // the other branch waits
    return calibration_.step.bytes.At(tokens) + (branches - 1) * tokens * static_cast<double>(facts_.token_bytes) +
           ScaledBytes(spec, facts_, tokens);
  return calibration_.step.bytes.At(branches * tokens) + EnhanceBytes(spec, facts_, branches * tokens) +
         ScaledBytes(spec, facts_, branches * tokens);
}

// Returns the bytes of everything that stays on the device from step to step and from block to block.
double CostModel::KeptBytes(const VideoSpec& spec, const MemoryMode& mode) const {
  const int branches = BranchesPerDevice(spec, facts_.devices);
  const double tokens = TokensOf(spec, facts_) * static_cast<double>(facts_.token_bytes);
  const int batches = mode.branches_in_turn ? branches : 1;
  // One more is on its way while one is in use.
  const double states = std::min(facts_.states * batches, mode.resident_states * batches + 1);
  const double cached =
      spec.tea_cache.has_value() && !spec.tea_cache->offload ? kTeaCacheTensors * branches * tokens : 0;
  const double conditions =
      static_cast<double>(facts_.condition_bytes) + static_cast<double>(facts_.call_condition_bytes) * CallsOf(spec);
  return states * (branches / batches) * tokens + cached + branches * conditions;
}

double CostModel::UploadSeconds(const VideoSpec& spec, const MemoryMode& mode) const {
  if (calibration_.upload_bytes_per_second <= 0)
    return 0;
  const auto all_weights = static_cast<double>(WeightBytesOf(spec.fp8, facts_)[facts_.blocks]);
  return StreamedShare(mode, facts_) * all_weights / calibration_.upload_bytes_per_second;
}

double CostModel::StepSeconds(const VideoSpec& spec, const MemoryMode& mode, int branches) const {
  const double away = facts_.states > 0 ? 1.0 - static_cast<double>(mode.resident_states) / facts_.states : 0;
  const double passes = branches * calibration_.step.seconds.At(TokensOf(spec, facts_));
  return std::max(passes, UploadSeconds(spec, mode)) *
         (1 + kStreamingShare * StreamedShare(mode, facts_) + kOffloadShare * away);
}

// Counts every call, for what caches leave out depends on the video.
double CostModel::StepsSeconds(const VideoSpec& spec, const MemoryMode& mode) const {
  const int calls = CallsOf(spec);
  const int before_gate = CallsBeforeGate(spec, calls);
  return before_gate * StepSeconds(spec, mode, BranchesPerDevice(spec, facts_.devices)) +
         (calls - before_gate) * StepSeconds(spec, mode, 1);
}

// Computing the keys and values of the conditions passes all blocks once, before the first step.
StageCost CostModel::Denoise(const VideoSpec& spec, const MemoryMode& mode) const {
  return {
      .peak_bytes = static_cast<int64_t>(PassBytes(spec, mode) + KeptBytes(spec, mode) + MatrixCopyBytes(spec, facts_)),
      .seconds = UploadSeconds(spec, mode) + StepsSeconds(spec, mode)};
}

StageCost CostModel::Decode(const VideoSpec& spec, const MemoryMode& mode) const {
  const Units units = UnitsOf(spec);
  const StageCost pass =
      PassCost(calibration_.decode, calibration_.slab_decode, mode.autoencoder_in_slabs, units.pixels);
  return {.peak_bytes = pass.peak_bytes + static_cast<int64_t>(AssemblyBytes(spec, facts_)),
          .seconds = units.decodes * pass.seconds};
}

// One device after the other is placed. Pinned memory is kept when a mode is left, and used again.
double CostModel::ChangeSeconds(const PlacedModel& now, const VideoSpec& spec, const MemoryMode& mode) const {
  if (now.mode.has_value() && now.mode->resident_blocks == mode.resident_blocks && AreSame(now.fp8, spec.fp8))
    return 0;
  // Other weights are made of the loaded ones, all of which cross to the device for it.
  const int crossing = InsteadOfLoaded(spec.fp8, facts_) == nullptr ? mode.resident_blocks : facts_.blocks;
  const int64_t placed = facts_.devices * facts_.weight_bytes[crossing];
  const int64_t filled = facts_.devices * RingBytes(spec, mode);
  const int64_t pinned = std::max<int64_t>(0, filled - now.pinned_bytes);
  const double seconds = SecondsFor(placed, calibration_.place_bytes_per_second) +
                         SecondsFor(filled, calibration_.fill_bytes_per_second) +
                         SecondsFor(pinned, calibration_.pin_bytes_per_second);
  return times_->factor() * seconds;
}

// Returns what the stages take beside the weights, as if no video had taught anything.
StageCosts CostModel::Calibrated(const VideoSpec& spec, const MemoryMode& mode) const {
  StageCosts costs;
  CostOf(costs, Stage::kClip) = {.peak_bytes = static_cast<int64_t>(calibration_.clip_bytes),
                                 .seconds = calibration_.clip_seconds};
  CostOf(costs, Stage::kEncode) = Encode(spec, mode);
  CostOf(costs, Stage::kDenoise) = Denoise(spec, mode);
  CostOf(costs, Stage::kDecode) = Decode(spec, mode);
  return costs;
}

Prediction CostModel::Predict(const VideoSpec& spec, const MemoryMode& mode) const {
  Prediction prediction = {.mode = mode, .stages = Calibrated(spec, mode), .raise = peaks_->raise()};
  const int64_t weights = WeightBytes(spec, mode);
  const double factor = times_->factor();
  for (StageCost& cost : prediction.stages) {
    cost.peak_bytes = weights + static_cast<int64_t>(prediction.raise * static_cast<double>(cost.peak_bytes));
    cost.seconds *= factor;
  }
  prediction.host_bytes = HostBytes(spec, mode) + (facts_.is_on_host ? prediction.peak_bytes() : 0);
  return prediction;
}

}  // namespace ruyi
