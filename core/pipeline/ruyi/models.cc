#include "core/pipeline/ruyi/models.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/quant/fp8.h"
#include "core/weights/model_folder.h"

namespace ruyi {
namespace {

// The transformer sees the noisy latents, those of the mask and those of the pictures.
constexpr int64_t kLatentKinds = 3;

absl::Status CheckFit(const DitConfig& dit, const VaeConfig& vae, const ClipVisionConfig& clip) {
  const int64_t in_channels = kLatentKinds * vae.latent_channels;
  if (dit.in_channels != in_channels || dit.out_channels < vae.latent_channels || !dit.has_clip) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "transformer/config.json and vae/config.json: the transformer takes %d channels and gives %d "
        "(in_channels, out_channels); with the autoencoder's %d latent_channels an inpainting model takes "
        "%d and gives %d",
        dit.in_channels, dit.out_channels, vae.latent_channels, in_channels, 2 * vae.latent_channels));
  }
  if (dit.clip_dim != clip.hidden_size) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "transformer/config.json and image_encoder/config.json: the transformer's projection_dim is %d, the image "
        "encoder's hidden_size %d; they must be equal",
        dit.clip_dim, clip.hidden_size));
  }
  return absl::OkStatus();
}

}  // namespace

LatentGeometry RuyiModels::geometry() const {
  const VaeConfig& config = vae.config();
  return {.spatial_scale = static_cast<int>(SpatialScale(config.down_blocks)),
          .frames_per_chunk = static_cast<int>(config.encoder_chunk),
          .latents_per_chunk = static_cast<int>(config.decoder_chunk),
          .channels = static_cast<int>(config.latent_channels)};
}

absl::Status RuyiModels::CheckFiles() const {
  RUYI_RETURN_IF_ERROR(dit.files().CheckUnchanged());
  RUYI_RETURN_IF_ERROR(vae.files().CheckUnchanged());
  RUYI_RETURN_IF_ERROR(clip_vision.files.CheckUnchanged());
  return embeddings.file()->CheckUnchanged();
}

absl::StatusOr<RuyiModels> LoadRuyiModels(const std::filesystem::path& folder, const TensorPlacement& placement,
                                          const Fp8Settings& fp8, std::optional<c10::Device> transformer_device) {
  RUYI_ASSIGN_OR_RETURN(const ModelFolder files, ModelFolder::Open(folder));
  std::vector<std::string> unused;
  RUYI_ASSIGN_OR_RETURN(ClipPreprocessor preprocessor,
                        ClipPreprocessor::Load(files.image_encoder / "preprocessor_config.json"));
  RUYI_ASSIGN_OR_RETURN(ClipVisionModel clip, LoadClipVisionModel(files.image_encoder, placement, &unused));
  const TensorPlacement transformer = {.device = transformer_device.value_or(placement.device),
                                       .dtype = placement.dtype};
  const LoadedTypes types = transformer_device.has_value() ? LoadedTypes::kOfFiles : LoadedTypes::kOfPlacement;
  RUYI_ASSIGN_OR_RETURN(Dit dit, Dit::Load(files.transformer, transformer, Fp8Rule(fp8), &unused, types));
  RUYI_ASSIGN_OR_RETURN(Vae vae, Vae::Load(files.vae, placement, &unused));
  RUYI_RETURN_IF_ERROR(CheckFit(dit.config(), vae.config(), clip.config));
  RUYI_ASSIGN_OR_RETURN(ControlEmbeddings embeddings, ControlEmbeddings::Load(files.embeddings, dit.config()));
  RUYI_ASSIGN_OR_RETURN(const SamplerConfig sampler, ParseJsonFile(files.scheduler_config, ParseSamplerConfig));
  return RuyiModels{.placement = placement,
                    .fp8 = fp8,
                    .clip_preprocessor = std::move(preprocessor),
                    .clip_vision = std::move(clip),
                    .dit = std::move(dit),
                    .partner_device = std::nullopt,
                    .partner = std::nullopt,
                    .vae = std::move(vae),
                    .embeddings = std::move(embeddings),
                    .sampler = sampler,
                    .unused_names = std::move(unused)};
}

}  // namespace ruyi
