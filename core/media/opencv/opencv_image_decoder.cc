#include "core/media/opencv/opencv_image_decoder.h"

#include <cstddef>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/media/codecs/picture_decoder.h"
#include "core/media/opencv/opencv_log.h"

namespace ruyi {
namespace {

absl::Status CheckBytes(size_t size, const ImageLimits& limits) {
  if (static_cast<int64_t>(size) <= limits.max_bytes)
    return absl::OkStatus();
  return ErrorWithReason(
      absl::StatusCode::kInvalidArgument,
      absl::StrFormat("the file has %d bytes; at most %d are taken, so send a smaller one", size, limits.max_bytes),
      reason::kImageTooLarge);
}

cv::Mat OverWhite(const cv::Mat& rgba) {
  std::vector<cv::Mat> channels;
  cv::split(rgba, channels);
  cv::Mat colour, alpha;
  cv::merge(std::vector<cv::Mat>(channels.begin(), channels.begin() + 3), colour);
  cv::merge(std::vector<cv::Mat>(3, channels[3]), alpha);
  cv::Mat inverse = cv::Scalar::all(255) - alpha;
  cv::Mat weighted;
  cv::multiply(colour, alpha, weighted, 1.0 / 255.0);
  return weighted + inverse;
}

// Works row by row, for OverWhite takes several times the memory of its picture.
cv::Mat WithoutAlpha(const cv::Mat& rgba) {
  cv::Mat rgb(rgba.size(), CV_8UC3);
  for (int y = 0; y < rgba.rows; ++y)
    OverWhite(rgba.row(y)).copyTo(rgb.row(y));
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

RgbImage Finish(StoredPicture picture) {
  const bool has_alpha = picture.channels == 4;
  if (!has_alpha && picture.orientation == kUprightOrientation)
    return {.width = picture.width, .height = picture.height, .pixels = std::move(picture.pixels)};
  const cv::Mat stored(picture.height, picture.width, has_alpha ? CV_8UC4 : CV_8UC3, picture.pixels.data());
  return ToImage(Upright(has_alpha ? WithoutAlpha(stored) : stored, picture.orientation));
}

absl::StatusOr<RgbImage> DecodeAndFinish(std::string_view bytes, const ImageLimits& limits) {
  RUYI_ASSIGN_OR_RETURN(StoredPicture picture, DecodePicture(bytes, limits));
  return Finish(std::move(picture));
}

}  // namespace

OpencvImageDecoder::OpencvImageDecoder() {
  SendOpencvMessagesToLog();
}

absl::StatusOr<RgbImage> OpencvImageDecoder::Decode(std::string_view bytes, const ImageLimits& limits) const {
  RUYI_RETURN_IF_ERROR(CheckBytes(bytes.size(), limits));
  return GuardExceptions("decoding a picture", [&] { return DecodeAndFinish(bytes, limits); });
}

}  // namespace ruyi
