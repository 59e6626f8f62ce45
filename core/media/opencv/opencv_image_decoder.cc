#include "core/media/opencv/opencv_image_decoder.h"

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/media/opencv/image_header.h"

namespace ruyi {
namespace {

absl::Status TooLarge(const std::string& message) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, message, reason::kImageTooLarge);
}

absl::Status CheckBytes(size_t size, const ImageLimits& limits) {
  if (static_cast<int64_t>(size) <= limits.max_bytes)
    return absl::OkStatus();
  return TooLarge(
      absl::StrFormat("the file has %d bytes; at most %d are taken, so send a smaller one", size, limits.max_bytes));
}

absl::Status CheckPixels(const ImageHeader& header, const ImageLimits& limits) {
  if (header.width <= limits.max_pixels / header.height)
    return absl::OkStatus();
  return TooLarge(absl::StrFormat("the picture has %dx%d pixels; at most %d are taken, so send a smaller one",
                                  header.width, header.height, limits.max_pixels));
}

// [0, 65535] → [0, 255], rounded to nearest.
cv::Mat To8Bit(const cv::Mat& image) {
  if (image.depth() == CV_8U)
    return image;
  cv::Mat narrow;
  image.convertTo(narrow, CV_8U, 255.0 / 65535.0);
  return narrow;
}

cv::Mat OverWhite(const cv::Mat& bgra) {
  std::vector<cv::Mat> channels;
  cv::split(bgra, channels);
  cv::Mat colour, alpha;
  cv::merge(std::vector<cv::Mat>(channels.begin(), channels.begin() + 3), colour);
  cv::merge(std::vector<cv::Mat>(3, channels[3]), alpha);
  cv::Mat inverse = cv::Scalar::all(255) - alpha;
  cv::Mat weighted;
  cv::multiply(colour, alpha, weighted, 1.0 / 255.0);
  return weighted + inverse;
}

cv::Mat ToRgb(const cv::Mat& image) {
  cv::Mat rgb;
  switch (image.channels()) {
    case 1:
      cv::cvtColor(image, rgb, cv::COLOR_GRAY2RGB);
      break;
    case 4:
      cv::cvtColor(OverWhite(image), rgb, cv::COLOR_BGR2RGB);
      break;
    default:
      cv::cvtColor(image, rgb, cv::COLOR_BGR2RGB);
  }
  return rgb;
}

// The eight EXIF orientations are a transposition (5 to 8) followed by flips.
cv::Mat Upright(const cv::Mat& image, int orientation) {
  cv::Mat upright = image;
  if (orientation >= 5)
    cv::transpose(image, upright);
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  if (flip_x)
    cv::flip(upright.clone(), upright, 1);
  if (flip_y)
    cv::flip(upright.clone(), upright, 0);
  return upright;
}

RgbImage ToImage(const cv::Mat& rgb) {
  const cv::Mat rows = rgb.isContinuous() ? rgb : rgb.clone();
  RgbImage image = {.width = rows.cols, .height = rows.rows};
  image.pixels.assign(rows.datastart, rows.dataend);
  return image;
}

absl::StatusOr<RgbImage> DecodePixels(std::string_view bytes, const ImageHeader& header) {
  const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data()));
  // A JPEG has no alpha; read as colour, CMYK and grey come out as BGR too.
  const int flags =
      header.format == ImageFormat::kJpeg ? cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION : cv::IMREAD_UNCHANGED;
  const cv::Mat decoded = cv::imdecode(encoded, flags);
  if (decoded.empty())
    return absl::InvalidArgumentError("the picture's pixels cannot be decoded; the file is damaged");
  return ToImage(Upright(ToRgb(To8Bit(decoded)), header.orientation));
}

}  // namespace

absl::StatusOr<RgbImage> OpencvImageDecoder::Decode(std::string_view bytes, const ImageLimits& limits) const {
  RUYI_RETURN_IF_ERROR(CheckBytes(bytes.size(), limits));
  RUYI_ASSIGN_OR_RETURN(const ImageHeader header, ReadImageHeader(bytes));
  RUYI_RETURN_IF_ERROR(CheckPixels(header, limits));
  return GuardExceptions("decoding a picture", [&] { return DecodePixels(bytes, header); });
}

}  // namespace ruyi
