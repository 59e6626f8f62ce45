// Kind clip: params.image → out.pixel_values, out.last_hidden_state, out.image_embeds.
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/model/clip_vision/clip_vision_model.h"
#include "core/pipeline/ruyi/clip_preprocessor.h"
#include "tests/golden/case_registry.h"

namespace ruyi::golden {

absl::StatusOr<std::vector<CaseOutput>> RunClipCase(const CaseInput& input) {
  const std::filesystem::path folder = input.golden.model / "image_encoder";
  std::vector<std::string> unused;
  RUYI_ASSIGN_OR_RETURN(const ClipVisionModel model, LoadClipVisionModel(folder, input.placement, &unused));
  RUYI_ASSIGN_OR_RETURN(const ClipPreprocessor preprocessor,
                        ClipPreprocessor::Load(folder / "preprocessor_config.json"));
  RUYI_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(input.golden.file));
  RUYI_ASSIGN_OR_RETURN(const std::string path, GetString(input.golden.params, "image"));
  RUYI_ASSIGN_OR_RETURN(const RgbImage image, ReadImage(input.folder / path));
  const at::Tensor pixels = preprocessor.Process(image);
  const at::Tensor states = model.Forward(pixels.to(input.placement.device, input.placement.dtype));
  return PairOutputs(
      input, file,
      {{"out.pixel_values", pixels}, {"out.last_hidden_state", states}, {"out.image_embeds", model.Project(states)}});
}

}  // namespace ruyi::golden
