#include "core/media/codecs/picture_decoder.h"

#include "core/media/codecs/jpeg_codec.h"
#include "core/media/codecs/png_codec.h"
#include "core/media/codecs/webp_codec.h"

namespace ruyi {
namespace {

constexpr std::string_view kJpegMagic = "\xFF\xD8\xFF";
constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1A\n";

bool IsWebp(std::string_view bytes) {
  return bytes.size() >= 12 && bytes.substr(0, 4) == "RIFF" && bytes.substr(8, 4) == "WEBP";
}

}  // namespace

absl::StatusOr<StoredPicture> DecodePicture(std::string_view bytes, const ImageLimits& limits) {
  if (bytes.starts_with(kJpegMagic))
    return DecodeJpeg(bytes, limits);
  if (bytes.starts_with(kPngMagic))
    return DecodePng(bytes, limits);
  if (IsWebp(bytes))
    return DecodeWebp(bytes, limits);
  return absl::InvalidArgumentError(bytes.empty() ? "the picture is empty; send the bytes of a JPEG, PNG or WebP file"
                                                  : "unknown picture format; send JPEG, PNG or WebP");
}

}  // namespace ruyi
