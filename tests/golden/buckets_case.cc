// Kind buckets: the file lists picture size and base resolution → height, width.
#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/request/resolution.h"
#include "tests/golden/case_registry.h"

namespace ruyi::golden {
namespace {

struct Bucket {
  PixelSize image;
  int base_resolution = 0;
  int64_t height = 0;
  int64_t width = 0;
};

absl::StatusOr<Bucket> ParseBucket(const nlohmann::json& entry) {
  RUYI_ASSIGN_OR_RETURN(const int64_t image_width, GetInt(entry, "image_width"));
  RUYI_ASSIGN_OR_RETURN(const int64_t image_height, GetInt(entry, "image_height"));
  RUYI_ASSIGN_OR_RETURN(const int64_t base_resolution, GetInt(entry, "base_resolution"));
  RUYI_ASSIGN_OR_RETURN(const int64_t height, GetInt(entry, "height"));
  RUYI_ASSIGN_OR_RETURN(const int64_t width, GetInt(entry, "width"));
  return Bucket{.image = {.width = static_cast<int>(image_width), .height = static_cast<int>(image_height)},
                .base_resolution = static_cast<int>(base_resolution),
                .height = height,
                .width = width};
}

}  // namespace

absl::StatusOr<std::vector<CaseOutput>> RunBucketsCase(const CaseInput& input) {
  RUYI_ASSIGN_OR_RETURN(const std::string text, ReadBytes(input.golden.file));
  RUYI_ASSIGN_OR_RETURN(const nlohmann::json list, ParseJson(text, input.golden.file.string()));
  std::vector<int64_t> ours;
  std::vector<int64_t> golden;
  for (const nlohmann::json& entry : list) {
    RUYI_ASSIGN_OR_RETURN(const Bucket bucket, ParseBucket(entry));
    const PixelSize size = BucketSize(bucket.image, bucket.base_resolution);
    ours.insert(ours.end(), {size.height, size.width});
    golden.insert(golden.end(), {bucket.height, bucket.width});
  }
  if (golden.empty())
    return absl::FailedPreconditionError("the file lists no bucket");
  return std::vector<CaseOutput>{{.name = "height, width", .ours = at::tensor(ours), .golden = at::tensor(golden)}};
}

}  // namespace ruyi::golden
