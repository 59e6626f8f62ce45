// Kind vae: in.video [1, 3, F, H, W] → out.moments [1, 2 * latent, f, h, w]; in.latents → out.video.
#include <algorithm>

#include "core/base/status_macros.h"
#include "core/model/vae/vae.h"
#include "tests/golden/case_registry.h"

namespace ruyi::golden {
namespace {

bool Lists(const CaseInput& input, std::string_view output) {
  const std::vector<std::string>& outputs = input.golden.outputs;
  return std::find(outputs.begin(), outputs.end(), output) != outputs.end();
}

}  // namespace

absl::StatusOr<std::vector<CaseOutput>> RunVaeCase(const CaseInput& input) {
  RUYI_RETURN_IF_ERROR(SkipIfSet(input, "tile_sample_min_size", "tiling"));
  std::vector<std::string> unused;
  RUYI_ASSIGN_OR_RETURN(const Vae vae, Vae::Load(input.golden.model / "vae", input.placement, &unused));
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
