#include "core/request/picture_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/digest/sha256.h"
#include "core/media/pillow_resize.h"
#include "core/request/resolution.h"

namespace ruyi {
namespace {

bool IsAllowed(const PixelSize& size, const RequestLimits& limits) {
  if (!limits.sizes.empty())
    return std::find(limits.sizes.begin(), limits.sizes.end(), size) != limits.sizes.end();
  const auto [shorter, longer] = std::minmax(size.width, size.height);
  return shorter >= limits.min_side && longer <= limits.max_side;
}

std::string Sha256Of(const RgbImage& image) {
  return Sha256Hex({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()});
}

}  // namespace

void PictureReader::ChooseSize(const RgbImage& first, int base_resolution, const std::string& field) {
  const PixelSize bucket = BucketSize({.width = first.width, .height = first.height}, base_resolution);
  size_ = bucket;
  if (IsAllowed(bucket, parts_.limits))
    return;
  parts_.violations.Add(
      field, absl::StrFormat("its shape (%dx%d) would give a video of %dx%d, which this model does not make; send a "
                             "picture that is less wide or tall, or choose a size yourself",
                             first.width, first.height, bucket.width, bucket.height));
}

absl::Status PictureReader::Read(const std::vector<PictureSource>& sources, const std::string& field,
                                 std::vector<ValidPicture>& pictures) {
  for (size_t i = 0; i < sources.size(); ++i) {
    RUYI_RETURN_IF_ERROR(parts_.token.Check());
    const std::string name = absl::StrFormat("%s[%d]", field, i);
    const std::optional<int> base_resolution = std::exchange(base_resolution_, std::nullopt);  // for the first one
    const absl::StatusOr<RgbImage> image = parts_.decoder.Decode(sources[i].data, parts_.limits.image);
    if (!image.ok()) {
      found_too_large_ |= GetErrorInfo(image.status()).reason == reason::kImageTooLarge;
      parts_.violations.Add(name, std::string(image.status().message()));
      continue;
    }
    if (base_resolution.has_value())
      ChooseSize(*image, *base_resolution, name);
    if (!parts_.violations.empty())
      continue;
    RgbImage resized = ResizeLikePillow(*image, *size_);
    std::string pixels_sha256 = Sha256Of(resized);
    pictures.push_back({.pixels = std::move(resized),
                        .source_sha256 = Sha256Hex(sources[i].data),
                        .pixels_sha256 = std::move(pixels_sha256)});
  }
  return absl::OkStatus();
}

}  // namespace ruyi
