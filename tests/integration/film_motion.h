// Measures how the picture moves in a film. Before it: an MP4 file. After it: the tests of the camera. Functions
// without state; thread-safe.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace ruyi {

// Grey frames of type CV_32F. Empty when the file is no film.
std::vector<cv::Mat> ReadGreyFrames(const std::string& path);

// The speed of what is seen, in pixels per frame: x to the right, y down. The demo model's camera takes up its speed in
// the first four frames, so each frame is compared with the fourth before it (the first three with frame 0); a line
// through the sums, from frame 4 on, gives the speed. Finds up to 20 pixels across and 16 up or down in four frames.
// The middle of the frame is looked up by normalised cross-correlation: what comes into view at the borders is not in
// the frame before.
// Phase correlation will not do, for it gives every detail the same weight and the demo model shows no fine ones: on
// the films of its predecessor it was off by up to two thirds.
cv::Point2d MeasureMotion(const std::vector<cv::Mat>& frames);

// How far what is seen moves from each frame to the next, in pixels, found as MeasureMotion does: one fewer than
// frames.
std::vector<cv::Point2d> MeasureSteps(const std::vector<cv::Mat>& frames);

}  // namespace ruyi
