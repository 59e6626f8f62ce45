// Kind vae: in.video [1, 3, F, H, W] → out.moments [1, 2 * latent, f, h, w]; in.latents → out.video. With
// params.tile_sample_min_size by tiles of that size.
#include <algorithm>

#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/model/vae/vae.h"
#include "tests/golden/case_registry.h"

namespace ruyi::golden {
namespace {

bool Lists(const CaseInput& input, std::string_view output) {
  const std::vector<std::string>& outputs = input.golden.outputs;
  return std::find(outputs.begin(), outputs.end(), output) != outputs.end();
}

// The reference's grids, each number rounded on its own: with some sizes the outputs are larger than the picture.
Vae WithReferenceTiles(const Vae& vae, int64_t pixels) {
  const double overlap = vae.config().tile_overlap;
  const int64_t latents = pixels / SpatialScale(vae.config().down_blocks);
  const auto part = [](int64_t side, double factor) {
    return static_cast<int64_t>(static_cast<double>(side) * factor);
  };
  const int64_t latent_blend = part(latents, overlap);
  const int64_t pixel_blend = part(pixels, overlap);
  return vae.WithGrids(
      VaeTileGrid{
          .tile = pixels, .step = part(pixels, 1 - overlap), .blend = latent_blend, .keep = latents - latent_blend},
      VaeTileGrid{.tile = latents,
                  .step = part(latents, 1 - overlap),
                  .blend = pixel_blend,
                  .keep = pixels - pixel_blend,
                  .has_corner = true});
}

absl::StatusOr<Vae> LoadVae(const CaseInput& input) {
  std::vector<std::string> unused;
  RUYI_ASSIGN_OR_RETURN(Vae vae, Vae::Load(input.golden.model / "vae", input.placement, &unused));
  if (!HasValue(input.golden.params, "tile_sample_min_size"))
    return vae;
  RUYI_ASSIGN_OR_RETURN(const int64_t pixels, GetInt(input.golden.params, "tile_sample_min_size"));
  return WithReferenceTiles(vae, pixels);
}

}  // namespace

absl::StatusOr<std::vector<CaseOutput>> RunVaeCase(const CaseInput& input) {
  RUYI_ASSIGN_OR_RETURN(const Vae vae, LoadVae(input));
  RUYI_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(input.golden.file));
  NamedTensors ours;
  if (Lists(input, "out.moments")) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor video, Input(input, file, "in.video"));
    ours["out.moments"] = vae.EncodeMoments(video);
  }
  if (Lists(input, "out.video")) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor latents, Input(input, file, "in.latents"));
    ours["out.video"] = vae.Decode(latents);
  }
  return PairOutputs(input, file, ours);
}

}  // namespace ruyi::golden
