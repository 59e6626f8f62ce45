#include "client/contact_sheet.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <system_error>
#include <vector>

#include "absl/strings/str_format.h"

namespace ruyi::client {
namespace {

constexpr int kFrames = 8;
constexpr int kColumns = 4;
constexpr int kGap = 4;  // pixels

// An absolute path: FFmpeg takes the start of "a:b.mp4" for a protocol.
cv::VideoCapture Open(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return cv::VideoCapture(error ? path : absolute.string(), cv::CAP_FFMPEG);
}

// Counts the frames by reading them, because the header of a fragmented MP4 does not say how many there are.
int CountFrames(const std::string& path) {
  cv::VideoCapture video = Open(path);
  int count = 0;
  while (video.grab()) {
    ++count;
  }
  return count;
}

std::vector<int> EvenlySpaced(int frame_count) {
  const int picks = std::min(kFrames, frame_count);
  std::vector<int> indices;
  for (int i = 0; i < picks; ++i) {
    indices.push_back(picks == 1 ? 0 : i * (frame_count - 1) / (picks - 1));
  }
  return indices;
}

std::vector<cv::Mat> ReadFrames(const std::string& path, const std::vector<int>& indices) {
  cv::VideoCapture video = Open(path);
  std::vector<cv::Mat> frames;
  for (int index = 0; frames.size() < indices.size() && video.grab(); ++index) {
    cv::Mat frame;
    if (index == indices[frames.size()] && video.retrieve(frame))
      frames.push_back(frame.clone());
  }
  return frames;
}

// Puts the frames, which must be of one size, into one picture.
cv::Mat Arrange(const std::vector<cv::Mat>& frames) {
  const int count = static_cast<int>(frames.size());
  const int columns = std::min(kColumns, count);
  const int rows = (count + kColumns - 1) / kColumns;
  const cv::Size size = frames.front().size();
  cv::Mat sheet(rows * (size.height + kGap) - kGap, columns * (size.width + kGap) - kGap, CV_8UC3,
                cv::Scalar::all(255));
  for (int i = 0; i < count; ++i) {
    const cv::Point corner(i % kColumns * (size.width + kGap), i / kColumns * (size.height + kGap));
    frames[i].copyTo(sheet(cv::Rect(corner, size)));
  }
  return sheet;
}

}  // namespace

absl::StatusOr<std::string> MakeContactSheet(const std::string& video_path) {
  const std::vector<int> indices = EvenlySpaced(CountFrames(video_path));
  const std::vector<cv::Mat> frames = ReadFrames(video_path, indices);
  if (frames.empty() || frames.size() != indices.size())
    return absl::DataLossError(absl::StrFormat("%s cannot be read as a video", video_path));
  std::vector<uint8_t> png;
  if (!cv::imencode(".png", Arrange(frames), png))
    return absl::InternalError("the contact sheet cannot be encoded as PNG");
  return std::string(png.begin(), png.end());
}

}  // namespace ruyi::client
