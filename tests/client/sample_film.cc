#include "tests/client/sample_film.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>

namespace ruyi::client {

std::string WriteSampleFilm(const std::filesystem::path& path, int frames) {
  const cv::Size size(64, 48);
  cv::VideoWriter writer(path.string(), cv::CAP_FFMPEG, cv::VideoWriter::fourcc('m', 'p', '4', 'v'), 24.0, size);
  EXPECT_TRUE(writer.isOpened());
  for (int i = 0; i < frames; ++i) {
    writer.write(cv::Mat(size, CV_8UC3, cv::Scalar::all(10.0 * (i + 1))));
  }
  return path;
}

}  // namespace ruyi::client
