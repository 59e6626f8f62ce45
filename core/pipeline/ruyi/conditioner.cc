#include "core/pipeline/ruyi/conditioner.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/chunk.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "core/base/status_macros.h"
#include "core/pipeline/ruyi/conditioning_clip.h"
#include "core/plan/branches.h"

namespace ruyi {
namespace {

// Encodes a clip and its mask chunk by chunk; chunks that show the same are encoded once, and chunks without pictures
// once for all requests.
class ClipEncoder {
 public:
  ClipEncoder(const Vae& vae, const ConditioningClip& clip, RunContext& run)
      : vae_(vae), clip_(clip), run_(run), chunks_(vae.EncoderChunks(static_cast<int64_t>(clip.frames.size()))) {
    std::set<Key> pictures;
    std::set<Key> masks;
    for (const VaeChunk& chunk : chunks_) {
      pictures.insert(PicturesKey(chunk));
      masks.insert(MaskKey(chunk));
    }
    total_ = static_cast<int>(pictures.size() + masks.size());
    Report();
  }

  // [1, 2 * channels, f, h, w]
  absl::StatusOr<at::Tensor> MaskMoments() {
    return Moments({.key_of = &ClipEncoder::MaskKey, .frames_of = &ConditioningClip::Mask, .is_mask = true});
  }
  absl::StatusOr<at::Tensor> PictureMoments() {
    return Moments({.key_of = &ClipEncoder::PicturesKey, .frames_of = &ConditioningClip::Pictures, .is_mask = false});
  }

 private:
  // Says what each frame of a chunk shows.
  using Key = std::vector<int>;

  // Says which of the two, mask or pictures, is encoded.
  struct Part {
    Key (ClipEncoder::*key_of)(const VaeChunk&) const;
    at::Tensor (ConditioningClip::*frames_of)(int64_t begin, int64_t count) const;
    bool is_mask;
  };

  Key PicturesKey(const VaeChunk& chunk) const {
    const auto begin = clip_.frames.begin() + chunk.begin;
    return Key(begin, begin + chunk.count);
  }

  Key MaskKey(const VaeChunk& chunk) const {
    Key key = PicturesKey(chunk);
    for (int& frame : key)
      frame = frame == ConditioningClip::kUnknown ? 1 : 0;
    return key;
  }

  absl::StatusOr<at::Tensor> Moments(const Part& part) {
    std::map<Key, at::Tensor> encoded;
    std::vector<at::Tensor> moments;
    for (const VaeChunk& chunk : chunks_) {
      const auto [entry, is_new] = encoded.try_emplace((this->*part.key_of)(chunk));
      if (is_new) {
        RUYI_RETURN_IF_ERROR(run_.control.token.Check());
        RUYI_ASSIGN_OR_RETURN(entry->second, ChunkMoments(part, chunk));
        ++done_;
        Report();
      }
      moments.push_back(entry->second);
    }
    return at::cat(moments, 2);
  }

  absl::StatusOr<at::Tensor> ChunkMoments(const Part& part, const VaeChunk& chunk) {
    const Key unknown = MaskKey(chunk);
    const bool is_constant = part.is_mask || std::find(unknown.begin(), unknown.end(), 0) == unknown.end();
    if (run_.constants == nullptr || !is_constant)
      return Encode(part, chunk);
    const RgbImage& image = clip_.images.front();
    const ConstantMoments::Key key = {.width = image.width,
                                      .height = image.height,
                                      .tiled = vae_.is_tiled(),
                                      .in_slabs = vae_.goes_by_slabs(),
                                      .is_mask = part.is_mask,
                                      .unknown = unknown};
    if (const at::Tensor kept = run_.constants->Find(key); kept.defined())
      return kept.to(vae_.device());
    RUYI_ASSIGN_OR_RETURN(at::Tensor moments, Encode(part, chunk));
    run_.constants->Add(key, moments);
    return moments;
  }

  absl::StatusOr<at::Tensor> Encode(const Part& part, const VaeChunk& chunk) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor moments,
                          vae_.EncodeChunk((clip_.*part.frames_of)(chunk.begin, chunk.count), run_.control.token));
    return moments.to(at::kFloat);
  }

  void Report() { run_.control.progress.OnProgress({.phase = Phase::kConditioning, .done = done_, .total = total_}); }

  const Vae& vae_;
  const ConditioningClip& clip_;
  RunContext& run_;
  std::vector<VaeChunk> chunks_;
  int done_ = 0;
  int total_ = 0;
};

// A draw from the posterior that `moments` [1, 2 * channels, f, h, w] describe, in the transformer's scale.
// Source: Kingma & Welling 2014; DiagonalGaussianDistribution of diffusers v0.31.0.
absl::StatusOr<at::Tensor> Sample(const at::Tensor& moments, NoisePurpose purpose, NoiseSource& noise, double scale) {
  const std::vector<at::Tensor> parts = at::chunk(moments, 2, 1);
  const at::Tensor deviation = at::exp(at::clamp(parts[1], -30.0, 20.0) * 0.5);
  RUYI_ASSIGN_OR_RETURN(const at::Tensor drawn, noise.Normal(purpose, parts[0].sizes()));
  return (parts[0] + deviation * drawn.to(deviation.device())) * scale;
}

// Fills in the tokens of the first picture, and a mask that shows them: [1, patches, hidden], [1, queries].
void SeeFirstPicture(const RuyiModels& models, const ConditioningClip& clip, DitConditions& conditions) {
  const at::Tensor pixels = models.clip_preprocessor.Process(clip.images.front());
  const at::Tensor states = models.clip_vision.Forward(pixels.to(models.placement.device, models.placement.dtype));
  conditions.clip_tokens = states.narrow(1, 1, states.size(1) - 1);
  conditions.clip_mask = at::ones({1, models.dit.config().clip_queries});
}

// Puts the conditions to be led away from before those of the request: B = 1 → B = 2.
void AddNegative(const ControlEmbedding& negative, DitConditions& conditions) {
  conditions.text = at::cat({negative.text, conditions.text});
  conditions.text_mask = at::cat({negative.text_mask, conditions.text_mask});
  conditions.t5 = at::cat({negative.t5, conditions.t5});
  conditions.t5_mask = at::cat({negative.t5_mask, conditions.t5_mask});
  conditions.sizes = conditions.sizes.repeat({2, 1});
  conditions.clip_tokens = at::cat({at::zeros_like(conditions.clip_tokens), conditions.clip_tokens});
  conditions.clip_mask = at::cat({at::zeros_like(conditions.clip_mask), conditions.clip_mask});
}

// Returns the sizes that the reference tells the model: an original of 1024 × 1024, the target, no crop.
at::Tensor SizesOf(const PixelSize& size) {
  constexpr int kOriginalSide = 1024;
  return at::tensor({kOriginalSide, kOriginalSide, size.height, size.width, 0, 0}, at::kFloat).unsqueeze(0);
}

}  // namespace

absl::StatusOr<Conditions> Condition(const RuyiModels& models, const VideoSpec& spec, RunContext& run) {
  const ConditioningClip clip = MakeConditioningClip(spec, run.control.pictures);
  if (run.observer.on_clip)
    run.observer.on_clip(clip);
  EnterStage(run, Stage::kEncode);
  ClipEncoder encoder(models.vae, clip, run);
  const double scale = models.vae.config().scaling_factor;
  RUYI_ASSIGN_OR_RETURN(const at::Tensor mask_moments, encoder.MaskMoments());
  RUYI_ASSIGN_OR_RETURN(const at::Tensor mask, Sample(mask_moments, NoisePurpose::kMaskPosterior, run.noise, scale));
  RUYI_ASSIGN_OR_RETURN(const at::Tensor moments, encoder.PictureMoments());
  RUYI_ASSIGN_OR_RETURN(const at::Tensor pictures, Sample(moments, NoisePurpose::kImagePosterior, run.noise, scale));
  RUYI_ASSIGN_OR_RETURN(const ControlEmbedding positive, models.embeddings.Positive(spec.camera, spec.motion));
  Conditions conditions = {.dit = {.text = positive.text,
                                   .text_mask = positive.text_mask,
                                   .t5 = positive.t5,
                                   .t5_mask = positive.t5_mask,
                                   .sizes = SizesOf(spec.size)},
                           .inpaint_latents = at::cat({mask, pictures}, 1)};
  EnterStage(run, Stage::kClip);
  SeeFirstPicture(models, clip, conditions.dit);
  if (IsGuided(spec)) {
    RUYI_ASSIGN_OR_RETURN(const ControlEmbedding negative, models.embeddings.Negative());
    AddNegative(negative, conditions.dit);
  }
  return conditions;
}

}  // namespace ruyi
