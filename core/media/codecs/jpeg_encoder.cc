#include "core/media/codecs/jpeg_encoder.h"

#include <turbojpeg.h>

#include <cstddef>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr int kMaxJpegSide = 65500;  // libjpeg's limit

absl::Status CheckImage(const RgbImage& image) {
  const auto is_side = [](int side) { return side >= 1 && side <= kMaxJpegSide; };
  if (!is_side(image.width) || !is_side(image.height))
    return absl::InvalidArgumentError(absl::StrFormat("the picture has %dx%d pixels; a JPEG file takes 1 to %d a side",
                                                      image.width, image.height, kMaxJpegSide));
  const size_t expected = image.row_bytes() * static_cast<size_t>(image.height);
  if (image.pixels.size() == expected)
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("the picture has %d bytes; %dx%d pixels of RGB have %d",
                                                    image.pixels.size(), image.width, image.height, expected));
}

absl::Status CheckQuality(int quality) {
  if (quality >= 1 && quality <= 100)
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("quality is %d; it must be from 1 to 100", quality));
}

absl::StatusOr<std::string> Encode(const RgbImage& image, int quality) {
  const std::unique_ptr<void, int (*)(tjhandle)> compressor(tjInitCompress(), &tjDestroy);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): TurboJPEG's type
  const int failure = tjCompress2(compressor.get(), image.pixels.data(), image.width, /*pitch=*/0, image.height,
                                  TJPF_RGB, &bytes, &size, TJSAMP_420, quality, /*flags=*/0);
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(bytes, &tjFree);
  if (failure != 0)
    return absl::InternalError(absl::StrCat("encoding a JPEG file: ", tjGetErrorStr2(compressor.get())));
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

}  // namespace

absl::StatusOr<std::string> JpegEncoder::EncodeJpeg(const RgbImage& image, int quality) const {
  RUYI_RETURN_IF_ERROR(CheckQuality(quality));
  RUYI_RETURN_IF_ERROR(CheckImage(image));
  return Encode(image, quality);
}

}  // namespace ruyi
