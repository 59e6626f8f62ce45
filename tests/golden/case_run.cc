#include "tests/golden/case_run.h"

#include <ATen/core/TensorBody.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "tests/golden/png_image.h"

namespace ruyi::golden {

absl::StatusOr<std::vector<CaseOutput>> PairOutputs(const CaseInput& input, const SafetensorsFile& file,
                                                    const NamedTensors& ours) {
  if (input.golden.outputs.empty())
    return absl::FailedPreconditionError("the case lists no output");
  std::vector<CaseOutput> outputs;
  for (const std::string& name : input.golden.outputs) {
    const auto found = ours.find(name);
    if (found == ours.end()) {
      return absl::FailedPreconditionError(absl::StrFormat("%s is not an output of this kind", name));
    }
    RUYI_ASSIGN_OR_RETURN(const at::Tensor golden, file.Get(name));
    outputs.push_back({.name = name, .ours = found->second, .golden = golden});
  }
  return outputs;
}

absl::StatusOr<at::Tensor> Input(const CaseInput& input, const SafetensorsFile& file, std::string_view name) {
  RUYI_ASSIGN_OR_RETURN(const at::Tensor tensor, file.Get(name));
  return tensor.to(input.placement.device, input.placement.dtype);
}

absl::StatusOr<std::string> ReadBytes(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream bytes;
  if (!(bytes << stream.rdbuf()))
    return absl::NotFoundError(absl::StrFormat("%s: cannot be read", path.string()));
  return std::move(bytes).str();
}

absl::StatusOr<RgbImage> ReadImage(const std::filesystem::path& path) {
  RUYI_ASSIGN_OR_RETURN(const std::string bytes, ReadBytes(path));
  return ReadPng(bytes);
}

absl::Status NotBuilt(std::string_view feature) {
  return ErrorWithReason(absl::StatusCode::kUnimplemented, absl::StrFormat("%s is not built", feature),
                         reason::kFeatureNotBuilt);
}

}  // namespace ruyi::golden
