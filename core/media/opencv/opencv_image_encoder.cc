#include "core/media/opencv/opencv_image_encoder.h"

#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/media/opencv/opencv_log.h"

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
  const cv::Mat rgb(image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.pixels.data()));
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  std::vector<uint8_t> bytes;
  if (!cv::imencode(".jpg", bgr, bytes, {cv::IMWRITE_JPEG_QUALITY, quality}))
    return absl::InternalError("encoding a JPEG file: OpenCV failed");
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

OpencvImageEncoder::OpencvImageEncoder() {
  SendOpencvMessagesToLog();
}

absl::StatusOr<std::string> OpencvImageEncoder::EncodeJpeg(const RgbImage& image, int quality) const {
  RUYI_RETURN_IF_ERROR(CheckQuality(quality));
  RUYI_RETURN_IF_ERROR(CheckImage(image));
  return GuardExceptions("encoding a JPEG file", [&] { return Encode(image, quality); });
}

}  // namespace ruyi
