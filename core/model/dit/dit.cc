#include "core/model/dit/dit.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/chunk.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/model/dit/block.h"
#include "core/model/dit/resampler.h"
#include "core/model/dit/sinusoid.h"
#include "core/model/dit/streaming.h"
#include "core/model/dit/time_text_embedding.h"
#include "core/model/dit/two_layer_mlp.h"
#include "core/weights/weight_store.h"

namespace ruyi {

// Weight names: text_embedder, text_embedding_padding [text tokens, cross], pos_embed.proj [hidden, in, patch, patch],
// time_extra_emb, blocks.N, clip_projection, clip_padding [queries, cross], norm_out.linear, proj_out.
struct DitLayers {
  TwoLayerMlp text_projection;
  at::Tensor text_filler;
  Linear patch_embedding;
  TimeTextEmbedding tone;
  std::vector<DitBlock> blocks;
  std::optional<Resampler> resampler;
  at::Tensor clip_filler;
  Linear out_modulation;
  LayerNorm out_norm;
  Linear out;

  Parameters parameters;  // of all layers; of streamed blocks, those in the ring's own host memory
  LayerShapes shapes;     // of the linear ones
  MappedFiles files;      // the files whose memory the parameters of a loaded model may share
  DitStreaming streaming;

  static DitLayers Load(const WeightScope& root, const DitConfig& config);
};

namespace {

constexpr double kOutNormEps = 1e-6;

DitBlock LoadBlock(const WeightScope& root, const DitConfig& config, int64_t block) {
  return DitBlock::Load(root.Sub(absl::StrFormat("blocks.%d", block)), config, /*has_skip=*/block > config.layers / 2);
}

// The convolution over patches, as a layer over their flattened pixels: [hidden, in * patch * patch]
Linear LoadPatchEmbedding(const WeightScope& scope, const DitConfig& config) {
  const int64_t patch = config.patch_size;
  scope.AddLayer({.out = config.hidden(), .in = config.in_channels * patch * patch, .kernel_area = patch * patch});
  const at::Tensor weight = scope.Take("weight", {config.hidden(), config.in_channels, patch, patch});
  return {.weight = {.data = weight.flatten(1), .scale = {}},
          .bias = scope.Take("bias", {config.hidden()}),
          .update = scope.Update()};
}

// [B, C, f, h, w] → [B, f * h/p * w/p, C * p * p]
at::Tensor Patchify(const at::Tensor& x, int64_t patch) {
  const int64_t rows = x.size(3) / patch;
  const int64_t columns = x.size(4) / patch;
  return x.reshape({x.size(0), x.size(1), x.size(2), rows, patch, columns, patch})
      .permute({0, 2, 3, 5, 1, 4, 6})
      .reshape({x.size(0), x.size(2) * rows * columns, x.size(1) * patch * patch});
}

// [B, f * h/p * w/p, p * p * C] → [B, C, f, h, w], with f, h and w those of `like`
at::Tensor Unpatchify(const at::Tensor& x, const at::Tensor& like, int64_t patch) {
  const int64_t rows = like.size(3) / patch;
  const int64_t columns = like.size(4) / patch;
  return x.reshape({x.size(0), like.size(2), rows, columns, patch, patch, -1})
      .permute({0, 6, 1, 2, 4, 3, 5})
      .reshape({x.size(0), -1, like.size(2), like.size(3), like.size(4)});
}

// Returns true when all parameters have `type` or are in 8 bits, their scales left out.
bool HaveType(const Parameters& parameters, c10::ScalarType type) {
  return std::all_of(parameters.begin(), parameters.end(), [&](const auto& named) {
    return named.second.scalar_type() == type || named.second.element_size() == 1 || IsScaleOfRows(named.first);
  });
}

// The batches as one; a single one as it is.
at::Tensor Join(const std::vector<at::Tensor>& batches) {
  return batches.size() == 1 ? batches.front() : at::cat(batches);
}

// The opposite: views into `x`, each with as many rows as its context.
std::vector<at::Tensor> Split(const at::Tensor& x, absl::Span<const DitContext> contexts) {
  std::vector<at::Tensor> batches;
  int64_t row = 0;
  for (const DitContext& context : contexts) {
    batches.push_back(x.narrow(0, row, context.batch));
    row += context.batch;
  }
  return batches;
}

// Returns `tokens` where `mask` [B, n] is not 0, else `filler` [n, width].
at::Tensor Fill(const at::Tensor& tokens, const at::Tensor& mask, const at::Tensor& filler) {
  return at::where(mask.to(tokens.device()).ne(0).unsqueeze(2), tokens, filler);
}

}  // namespace

DitLayers DitLayers::Load(const WeightScope& root, const DitConfig& config) {
  const int64_t hidden = config.hidden();
  const int64_t cross = config.cross_attention_dim;
  DitLayers layers;
  layers.text_projection =
      TwoLayerMlp::Load(root.Sub("text_embedder"), {.in = config.t5_dim, .inner = config.t5_dim * 4, .out = cross});
  layers.text_filler = root.Take("text_embedding_padding", {config.text_tokens(), cross});
  layers.patch_embedding = LoadPatchEmbedding(root.Sub("pos_embed.proj"), config);
  layers.tone = TimeTextEmbedding::Load(root.Sub("time_extra_emb"), config);
  for (int64_t i = 0; i < config.layers; ++i)
    layers.blocks.push_back(LoadBlock(root, config, i));
  if (config.has_clip) {
    layers.resampler = Resampler::Load(root.Sub("clip_projection"), config);
    layers.clip_filler = root.Take("clip_padding", {config.clip_queries, cross});
  }
  layers.out_modulation = Linear::Load(root.Sub("norm_out.linear"), hidden, 2 * hidden);
  layers.out_norm = LayerNorm::WithoutAffine(hidden, kOutNormEps);
  layers.out = Linear::Load(root.Sub("proj_out"), hidden, config.patch_size * config.patch_size * config.out_channels);
  return layers;
}

namespace {

absl::StatusOr<std::shared_ptr<DitLayers>> LoadLayers(const DitConfig& config, WeightStore& store) {
  auto layers = std::make_shared<DitLayers>(DitLayers::Load(store.root(), config));
  RUYI_RETURN_IF_ERROR(store.Finish());
  layers->parameters = store.taken();
  layers->shapes = store.layers();
  return layers;
}

}  // namespace

absl::StatusOr<Dit> Dit::Load(const std::filesystem::path& folder, const TensorPlacement& placement,
                              const StorageRule& rule, std::vector<std::string>* unused, LoadedTypes types) {
  RUYI_ASSIGN_OR_RETURN(const DitConfig config, ParseJsonFile(folder / "config.json", ParseDitConfig));
  return GuardExceptions("loading the transformer", [&]() -> absl::StatusOr<Dit> {
    RUYI_ASSIGN_OR_RETURN(WeightStore store,
                          WeightStore::Open(folder, "diffusion_pytorch_model", placement, rule, types));
    RUYI_ASSIGN_OR_RETURN(std::shared_ptr<DitLayers> layers, LoadLayers(config, store));
    layers->files = store.mapped_files();
    store.AddUnusedNames(unused);
    return Dit(config, placement, std::move(layers));
  });
}

absl::StatusOr<Dit> Dit::FromParameters(const DitConfig& config, const TensorPlacement& placement,
                                        Parameters parameters, const StorageRule& rule) {
  return GuardExceptions("building the transformer", [&]() -> absl::StatusOr<Dit> {
    WeightStore store = WeightStore::Over(std::move(parameters), placement, rule, {});
    RUYI_ASSIGN_OR_RETURN(std::shared_ptr<DitLayers> layers, LoadLayers(config, store));
    return Dit(config, placement, std::move(layers));
  });
}

Dit::Dit(DitConfig config, TensorPlacement placement, std::shared_ptr<const DitLayers> layers)
    : config_(std::move(config)), placement_(placement), layers_(std::move(layers)) {}

// Returns the parameters of a block as `settings` store them: as they lie, or changed on the device.
Parameters Dit::StoredBlock(int64_t block, const DitSettings& settings) const {
  if (!settings.rule && HaveType(layers_->parameters, settings.placement.dtype))
    return layers_->parameters;
  WeightStore store = WeightStore::Over(layers_->parameters, settings.placement, settings.rule, {});
  LoadBlock(store.root(), config_, block);
  return store.taken();
}

// LoadLayers cannot fail here, for all parameters are there.
Dit Dit::With(const DitSettings& settings) const {
  const c10::Device& device = settings.placement.device;
  const bool same_ring = !settings.rule && device == placement_.device &&
                         settings.memory.resident_blocks == layers_->streaming.memory().resident_blocks;
  const auto stored = [&](int64_t block) { return StoredBlock(block, settings); };
  DitStreaming streaming = same_ring
                               ? layers_->streaming.WithStates(settings.memory.resident_states, config_.layers, device)
                               : DitStreaming(settings.memory, stored, config_.layers, device);
  WeightStore store =
      WeightStore::Over(streaming.Placed(layers_->parameters), settings.placement, settings.rule, settings.updates);
  std::shared_ptr<DitLayers> layers = *LoadLayers(config_, store);
  streaming.RestoreSources(layers->parameters);
  layers->streaming = std::move(streaming);
  return Dit(config_, settings.placement, std::move(layers));
}

DitSettings Dit::settings() const {
  return {.placement = placement_, .rule = {}, .updates = {}, .memory = layers_->streaming.memory()};
}

const MappedFiles& Dit::files() const {
  return layers_->files;
}

const Parameters& Dit::parameters() const {
  return layers_->parameters;
}

const LayerShapes& Dit::linear_layers() const {
  return layers_->shapes;
}

std::vector<int64_t> Dit::DeviceBytes() const {
  return DeviceBytesByResidentBlocks(layers_->parameters, config_.layers);
}

std::vector<int64_t> Dit::RingBytes(c10::Device device) const {
  return RingBytesByResidentBlocks(layers_->parameters, config_.layers, device);
}

DitContext DitContext::Branch(int64_t row) const {
  const auto of = [&](const KeyValue& x) {
    return x.key.defined() ? KeyValue{.key = x.key.narrow(0, row, 1), .value = x.value.narrow(0, row, 1)} : x;
  };
  const auto of_steps = [&](const at::Tensor& x) { return x.size(1) == 1 ? x : x.narrow(1, row, 1); };
  DitContext branch = *this;
  branch.batch = 1;
  branch.out_scales = of_steps(out_scales);
  branch.out_shifts = of_steps(out_shifts);
  for (Block& block : branch.blocks)
    block = {of_steps(block.shifts), of(block.text), of(block.clip), of(block.without_clip)};
  return branch;
}

// [B, text tokens, cross]
at::Tensor Dit::TextTokens(const DitConditions& conditions) const {
  const at::Tensor t5 = layers_->text_projection.Forward(conditions.t5.to(placement_.device, placement_.dtype));
  const at::Tensor text = conditions.text.to(placement_.device, placement_.dtype);
  return Fill(at::cat({text, t5}, 1), at::cat({conditions.text_mask, conditions.t5_mask}, 1), layers_->text_filler);
}

// [B, clip queries, cross]
at::Tensor Dit::ClipTokens(const DitConditions& conditions) const {
  const at::Tensor tokens = conditions.clip_tokens.to(placement_.device, placement_.dtype);
  return Fill(layers_->resampler->Forward(tokens), conditions.clip_mask, layers_->clip_filler);
}

// Holds what a batch brings to every block.
struct Dit::Embedded {
  at::Tensor tones;  // SiLU of the conditioning vectors: [steps, B, hidden]
  at::Tensor text;
  at::Tensor clip;  // with has_clip only
};

Dit::Embedded Dit::EmbedConditions(const DitConditions& conditions, const DitSchedule& schedule) const {
  const at::Tensor t5 = conditions.t5.to(placement_.device, placement_.dtype);
  const at::Tensor vectors =
      layers_->tone.Forward(schedule.timesteps.to(placement_.device), t5, conditions.sizes.to(placement_.device));
  return {.tones = at::silu(vectors.to(at::kFloat)).to(placement_.dtype),
          .text = TextTokens(conditions),
          .clip = config_.has_clip ? ClipTokens(conditions) : at::Tensor()};
}

DitContext Dit::ContextWithoutBlocks(const Embedded& embedded, const DitSchedule& schedule) const {
  DitContext context;
  context.batch = embedded.text.size(0);
  const at::Tensor modulation = layers_->out_modulation.ForwardWidened(embedded.tones).unsqueeze(2);
  const std::vector<at::Tensor> scales_and_shifts = at::chunk(modulation, 2, -1);
  context.out_scales = scales_and_shifts[0] + 1;
  context.out_shifts = scales_and_shifts[1];
  context.frames = schedule.frames;
  context.rotary = schedule.rotary.to(placement_.device).repeat({schedule.frames, 1});
  if (config_.time_positions && schedule.frames != 1) {
    const at::Tensor positions = FrameSinusoid(schedule.frames, config_.hidden()).view({1, schedule.frames, 1, -1});
    context.frame_positions = positions.to(placement_.device, placement_.dtype);
  }
  return context;
}

DitContext::Block Dit::PrepareBlock(const DitBlock& block, const Embedded& embedded) const {
  DitContext::Block prepared = {.shifts = block.time_shift.ForwardWidened(embedded.tones).unsqueeze(2),
                                .text = block.text_attention.KeysAndValues(embedded.text)};
  if (block.clip.has_value()) {
    prepared.clip = block.clip->attention.KeysAndValues(embedded.clip);
    prepared.without_clip = block.clip->attention.KeysAndValues(layers_->clip_filler.expand_as(embedded.clip));
  }
  return prepared;
}

std::vector<DitContext> Dit::Prepare(absl::Span<const DitConditions> batches, const DitSchedule& schedule) const {
  std::vector<Embedded> embedded;
  std::vector<DitContext> contexts;
  for (const DitConditions& batch : batches) {
    embedded.push_back(EmbedConditions(batch, schedule));
    contexts.push_back(ContextWithoutBlocks(embedded.back(), schedule));
  }
  for (int64_t i = 0; i < config_.layers; ++i) {
    BlockUse use(layers_->streaming, i);
    for (size_t batch = 0; batch < contexts.size(); ++batch)
      contexts[batch].blocks.push_back(PrepareBlock(layers_->blocks[i], embedded[batch]));
    use.End();
  }
  return contexts;
}

DitContext Dit::Prepare(const DitConditions& conditions, const DitSchedule& schedule) const {
  return Prepare(absl::MakeConstSpan(&conditions, 1), schedule).front();
}

DitBlockInput Dit::BlockInput(const DitContext& context, const DitStep& step, int64_t block) const {
  const DitContext::Block& prepared = context.blocks[block];
  DitBlockInput input = {.rotary = context.rotary,
                         .frame_positions = context.frame_positions,
                         .shift = prepared.shifts[step.index],
                         .text = prepared.text,
                         .clip = step.with_clip ? prepared.clip : prepared.without_clip};
  if (step.enhance_weight.has_value())
    input.enhance = {.frames = context.frames, .weight = *step.enhance_weight};
  return input;
}

// Each batch through a block. The second half of the blocks takes the batches in the opposite order, in which their
// states come back.
void Dit::RunBlock(int64_t index, Batches& tokens, absl::Span<const DitContext> contexts, const DitStep& step,
                   StateStack& skips) const {
  const DitBlock& block = layers_->blocks[index];
  const bool pushes = index < config_.layers / 2 - 1;
  BlockUse use(layers_->streaming, index);
  for (size_t i = 0; i < tokens.size(); ++i) {
    const size_t batch = block.skip.has_value() ? tokens.size() - 1 - i : i;
    const at::Tensor skipped = block.skip.has_value() ? skips.Pop() : at::Tensor();
    tokens[batch] = block.Forward(tokens[batch], skipped, BlockInput(contexts[batch], step, index));
    if (pushes)
      skips.Push(tokens[batch]);
  }
  use.End();
}

// Passes the tokens through all blocks and the last normalisation.
void Dit::RunBlocks(Batches& tokens, absl::Span<const DitContext> contexts, const DitStep& step) const {
  StateStack skips(layers_->streaming.states(), static_cast<int64_t>(tokens.size()));
  for (int64_t i = 0; i < config_.layers; ++i)
    RunBlock(i, tokens, contexts, step, skips);
  for (size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] =
        layers_->out_norm.Forward(tokens[i]) * contexts[i].out_scales[step.index] + contexts[i].out_shifts[step.index];
  }
}

// Returns what the first block makes of all batches, which TeaCache compares.
at::Tensor Dit::Modulated(const Batches& tokens, absl::Span<const DitContext> contexts, const DitStep& step) const {
  Batches modulated;
  for (size_t i = 0; i < tokens.size(); ++i)
    modulated.push_back(layers_->blocks.front().Modulate(tokens[i], BlockInput(contexts[i], step, 0)));
  return Join(modulated);
}

void Dit::RunBlocksOrSkip(Batches& tokens, absl::Span<const DitContext> contexts, const DitStep& step) const {
  if (step.cache == nullptr)
    return RunBlocks(tokens, contexts, step);
  const at::Tensor all = Join(tokens);
  if (!step.cache->NeedsBlocks(all, Modulated(tokens, contexts, step))) {
    tokens = Split(step.cache->Apply(all), contexts);
    return;
  }
  RunBlocks(tokens, contexts, step);
  step.cache->Store(Join(tokens));
}

Dit::Batches Dit::Embed(const at::Tensor& latents, absl::Span<const DitContext> contexts) const {
  Batches tokens = Split(latents.to(placement_.device, placement_.dtype), contexts);
  for (at::Tensor& batch : tokens)
    batch = layers_->patch_embedding.Forward(Patchify(batch, config_.patch_size));
  return tokens;
}

at::Tensor Dit::Forward(const at::Tensor& latents, absl::Span<const DitContext> batches, const DitStep& step) const {
  Batches tokens = Embed(latents, batches);
  RunBlocksOrSkip(tokens, batches, step);
  for (at::Tensor& batch : tokens)
    batch = Unpatchify(layers_->out.ForwardWidened(batch), latents, config_.patch_size);
  return Join(tokens);
}

at::Tensor Dit::Forward(const at::Tensor& latents, const DitContext& context, const DitStep& step) const {
  return Forward(latents, absl::MakeConstSpan(&context, 1), step);
}

}  // namespace ruyi
