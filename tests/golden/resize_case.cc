// Kind resize: params.image, resized as Pillow does → out.rgb [H, W, 3] uint8.
#include <ATen/core/TensorBody.h>

#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/media/pillow_resize.h"
#include "core/pipeline/ruyi/image_tensor.h"
#include "tests/golden/case_registry.h"

namespace ruyi::golden {

absl::StatusOr<std::vector<CaseOutput>> RunResizeCase(const CaseInput& input) {
  RUYI_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(input.golden.file));
  RUYI_ASSIGN_OR_RETURN(const at::Tensor golden, file.Get("out.rgb"));
  RUYI_ASSIGN_OR_RETURN(const std::string path, GetString(input.golden.params, "image"));
  RUYI_ASSIGN_OR_RETURN(const RgbImage image, ReadImage(input.folder / path));
  const PixelSize size = {.width = static_cast<int>(golden.size(1)), .height = static_cast<int>(golden.size(0))};
  return PairOutputs(input, file, {{"out.rgb", TensorOf(ResizeLikePillow(image, size)).permute({1, 2, 0})}});
}

}  // namespace ruyi::golden
