#include "tests/integration/film_motion.h"

#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

namespace ruyi {
namespace {

constexpr size_t kGroup = 4;  // frames
constexpr int kSearchX = 20;  // pixels
constexpr int kSearchY = 16;  // pixels

// Returns where the parabola through three values at -1, 0 and 1 has its top.
double Vertex(double left, double middle, double right) {
  const double curvature = left - 2 * middle + right;
  return curvature == 0 ? 0 : (left - right) / (2 * curvature);
}

cv::Point2d SubpixelMaximum(const cv::Mat& scores) {
  cv::Point top;
  cv::minMaxLoc(scores, nullptr, nullptr, nullptr, &top);
  cv::Point2d at = top;
  const auto score = [&](int dx, int dy) { return scores.at<float>(top.y + dy, top.x + dx); };
  if (top.x > 0 && top.x < scores.cols - 1)
    at.x += Vertex(score(-1, 0), score(0, 0), score(1, 0));
  if (top.y > 0 && top.y < scores.rows - 1)
    at.y += Vertex(score(0, -1), score(0, 0), score(0, 1));
  return at;
}

// Returns how far the middle of `from` has moved in `to`.
cv::Point2d Displacement(const cv::Mat& from, const cv::Mat& to) {
  const cv::Rect middle(kSearchX, kSearchY, from.cols - 2 * kSearchX, from.rows - 2 * kSearchY);
  cv::Mat scores;
  cv::matchTemplate(to, from(middle), scores, cv::TM_CCOEFF_NORMED);
  return SubpixelMaximum(scores) - cv::Point2d(middle.tl());
}

// The slope of the line of least squares through places[first], places[first + 1], ...
cv::Point2d Slope(const std::vector<cv::Point2d>& places, size_t first) {
  const double middle = (static_cast<double>(first) + static_cast<double>(places.size() - 1)) / 2;
  cv::Point2d products;
  double squares = 0;
  for (size_t i = first; i < places.size(); ++i) {
    const double time = static_cast<double>(i) - middle;
    products += places[i] * time;
    squares += time * time;
  }
  return products / squares;
}

}  // namespace

std::vector<cv::Mat> ReadGreyFrames(const std::string& path) {
  cv::VideoCapture film(path);
  std::vector<cv::Mat> frames;
  for (cv::Mat frame; film.read(frame);) {
    cv::Mat grey;
    cv::cvtColor(frame, grey, cv::COLOR_BGR2GRAY);
    grey.convertTo(frames.emplace_back(), CV_32F);
  }
  return frames;
}

cv::Point2d MeasureMotion(const std::vector<cv::Mat>& frames) {
  std::vector<cv::Point2d> places(frames.size());
  for (size_t i = 1; i < frames.size(); ++i) {
    const size_t before = i < kGroup ? 0 : i - kGroup;
    places[i] = places[before] + Displacement(frames[before], frames[i]);
  }
  return Slope(places, kGroup);
}

std::vector<cv::Point2d> MeasureSteps(const std::vector<cv::Mat>& frames) {
  std::vector<cv::Point2d> steps;
  for (size_t i = 1; i < frames.size(); ++i)
    steps.push_back(Displacement(frames[i - 1], frames[i]));
  return steps;
}

}  // namespace ruyi
