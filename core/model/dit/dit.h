// The diffusion transformer (HunyuanDiT in three dimensions): turns noisy latents and conditions into the prediction
// that the sampler needs. Before it: core/pipeline/ruyi's conditions. After it: guidance and the sampler. What does not
// change between the steps of a request is computed once, by Prepare. A Dit is immutable after loading and thread-safe;
// so is a DitContext; one with streamed blocks belongs to one thread at a time. The tensor functions throw c10::Error,
// as ATen does; callers stand behind GuardExceptions. Source: Li et al. 2024 (HunyuanDiT); HunyuanTransformer3DModel of
// Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/cache/tea_cache.h"
#include "core/model/dit/attention.h"
#include "core/model/dit/block.h"
#include "core/model/dit/conditions.h"
#include "core/model/dit/config.h"
#include "core/tensor/tensor_placement.h"
#include "core/weights/weight_store.h"

namespace ruyi {

struct DitLayers;
class StateStack;

// Says how much of the transformer lies on the device. The rest lies in the host's memory and is copied while the
// device computes.
struct DitMemory {
  int64_t resident_blocks = std::numeric_limits<int64_t>::max();  // the rest is streamed, block by block
  int64_t resident_states = std::numeric_limits<int64_t>::max();  // of those that skip connections carry; at least 1
  friend bool operator==(const DitMemory&, const DitMemory&) = default;
};

struct DitSettings {
  TensorPlacement placement;
  StorageRule rule;      // each parameter is stored as it says, wherever that is to lie; empty: as they are stored now
  LayerUpdates updates;  // take the place of the updates that there are now
  DitMemory memory;
};

struct DitSchedule {
  at::Tensor timesteps;  // [steps, B], or [steps, 1]: the same for all rows
  at::Tensor rotary;     // of one frame: [tokens, head_dim / 2], see RotaryTable
  int64_t frames = 0;    // latent frames
};

// Holds what the blocks see of a request. Dit::Prepare makes it, and Dit::Forward uses it.
struct DitContext {
  struct Block {
    at::Tensor shifts;  // [steps, B, 1, hidden]
    KeyValue text;
    KeyValue clip;
    KeyValue without_clip;  // the learnt filler alone
  };
  int64_t batch = 1;  // B
  std::vector<Block> blocks;
  at::Tensor out_scales;  // [steps, B, 1, hidden], 1 included
  at::Tensor out_shifts;  // [steps, B, 1, hidden]
  int64_t frames = 0;
  at::Tensor rotary;           // of all frames
  at::Tensor frame_positions;  // [1, frames, 1, hidden], or undefined

  // Returns the context of one branch alone, B = 1; it shares the tensors.
  DitContext Branch(int64_t row) const;
};

// Says which timestep is computed, and what is special about it.
struct DitStep {
  int64_t index = 0;
  bool with_clip = true;                 // the CLIP picture is seen
  std::optional<double> enhance_weight;  // of Enhance-A-Video
  TeaCache* cache = nullptr;             // may leave out the blocks
};

class Dit {
 public:
  // Loads the model in `folder`, its transformer/ with config.json and diffusion_pytorch_model.safetensors or its
  // shards. Names in the files that no layer uses are added to `unused`. `rule` says which parameters are stored in
  // another type. With LoadedTypes::kOfFiles the model computes only once With has placed it. Errors: those of
  // ReadJsonFile, ParseDitConfig and WeightStore; RESOURCE_EXHAUSTED when memory runs out. Blocks on the disk.
  static absl::StatusOr<Dit> Load(const std::filesystem::path& folder, const TensorPlacement& placement,
                                  const StorageRule& rule, std::vector<std::string>* unused,
                                  LoadedTypes types = LoadedTypes::kOfPlacement);

  // Makes the model of `parameters`, which lie in the placement, or in the host's memory until With brings them there.
  // Tensors of the device "meta" make a model without numbers. Errors: those of WeightStore::Finish.
  static absl::StatusOr<Dit> FromParameters(const DitConfig& config, const TensorPlacement& placement,
                                            Parameters parameters, const StorageRule& rule);

  // Returns the same model with other settings; it shares all parameters that stay as they are and where they are.
  // Those that change are brought to the device one by one, and changed there; streamed ones then go on to the host's
  // memory, block by block. Only one of the models that share a ring of streamed blocks may compute at a time. Throws
  // c10::OutOfMemoryError.
  Dit With(const DitSettings& settings) const;

  // Returns the settings that this model was made with, without `rule` and `updates`.
  DitSettings settings() const;

  const Parameters& parameters() const;
  const LayerShapes& linear_layers() const;

  // Returns the files whose memory the parameters of a loaded model may share; none for a model that With made.
  const MappedFiles& files() const;

  const DitConfig& config() const { return config_; }
  const c10::Device& device() const { return placement_.device; }

  // Returns, for each number of resident blocks from none to all, the bytes that the parameters take on the device.
  std::vector<int64_t> DeviceBytes() const;

  // Returns, for each number of resident blocks, the bytes that the others take in the host's memory while they are
  // streamed to `device`, beside those that the parameters were loaded into.
  std::vector<int64_t> RingBytes(c10::Device device) const;

  DitContext Prepare(const DitConditions& conditions, const DitSchedule& schedule) const;

  // Does the same for batches that will be computed together: each block is streamed once for all of them.
  std::vector<DitContext> Prepare(absl::Span<const DitConditions> batches, const DitSchedule& schedule) const;

  // Computes the prediction. `latents` are the latents and what inpainting adds beside them, [B, in_channels, frames,
  // h, w], h and w multiples of patch_size → [B, out_channels, frames, h, w] in the placement.
  at::Tensor Forward(const at::Tensor& latents, const DitContext& context, const DitStep& step) const;

  // Does the same for batches that share a timestep, latents [sum of their B, ...]: each block computes one batch after
  // the other, and is streamed once for all. With Enhance-A-Video, whose score is one for a whole batch, there may be
  // only one batch.
  at::Tensor Forward(const at::Tensor& latents, absl::Span<const DitContext> batches, const DitStep& step) const;

 private:
  Dit(DitConfig config, TensorPlacement placement, std::shared_ptr<const DitLayers> layers);

  Parameters StoredBlock(int64_t block, const DitSettings& settings) const;
  DitBlockInput BlockInput(const DitContext& context, const DitStep& step, int64_t block) const;
  using Batches = std::vector<at::Tensor>;  // [B, tokens, hidden] each
  Batches Embed(const at::Tensor& latents, absl::Span<const DitContext> contexts) const;
  at::Tensor Modulated(const Batches& tokens, absl::Span<const DitContext> contexts, const DitStep& step) const;
  void RunBlock(int64_t index, Batches& tokens, absl::Span<const DitContext> contexts, const DitStep& step,
                StateStack& skips) const;
  void RunBlocks(Batches& tokens, absl::Span<const DitContext> contexts, const DitStep& step) const;
  void RunBlocksOrSkip(Batches& tokens, absl::Span<const DitContext> contexts, const DitStep& step) const;
  at::Tensor TextTokens(const DitConditions& conditions) const;
  at::Tensor ClipTokens(const DitConditions& conditions) const;
  struct Embedded;
  Embedded EmbedConditions(const DitConditions& conditions, const DitSchedule& schedule) const;
  DitContext ContextWithoutBlocks(const Embedded& embedded, const DitSchedule& schedule) const;
  DitContext::Block PrepareBlock(const DitBlock& block, const Embedded& embedded) const;

  DitConfig config_;
  TensorPlacement placement_;
  std::shared_ptr<const DitLayers> layers_;
};

}  // namespace ruyi
