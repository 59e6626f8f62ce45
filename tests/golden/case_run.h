// Holds what every kind of case needs: its input, and its outputs beside the golden ones. Before it: golden_case.h.
// After it: compare.h. Values.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/media/rgb_image.h"
#include "core/tensor/tensor_placement.h"
#include "core/weights/safetensors_file.h"
#include "tests/golden/golden_case.h"

namespace ruyi::golden {

struct CaseInput {
  GoldenCase golden;
  std::filesystem::path folder;  // of cases.json: what paths in params start from
  TensorPlacement placement;
};

struct CaseOutput {
  std::string name;
  at::Tensor ours;
  at::Tensor golden;
};

// Computes one case. An error with reason FEATURE_NOT_BUILT: the case is skipped. Any other error: it fails.
using CaseFunction = absl::StatusOr<std::vector<CaseOutput>> (*)(const CaseInput& input);

using NamedTensors = std::map<std::string, at::Tensor, std::less<>>;

// The outputs that the case lists, ours beside those in `file`. FAILED_PRECONDITION: the case lists none, or one that
// `ours` lacks. NOT_FOUND: one that `file` lacks.
absl::StatusOr<std::vector<CaseOutput>> PairOutputs(const CaseInput& input, const SafetensorsFile& file,
                                                    const NamedTensors& ours);

// A float input `name` of `file`, in the case's placement. NOT_FOUND when the file lacks it.
absl::StatusOr<at::Tensor> Input(const CaseInput& input, const SafetensorsFile& file, std::string_view name);

// The picture in a PNG file. NOT_FOUND when it cannot be read; else the errors of ReadPng.
absl::StatusOr<RgbImage> ReadImage(const std::filesystem::path& path);

// Returns all bytes of a file. NOT_FOUND when it cannot be read.
absl::StatusOr<std::string> ReadBytes(const std::filesystem::path& path);

// The error that makes a case SKIP.
absl::Status NotBuilt(std::string_view feature);

}  // namespace ruyi::golden
