#include "core/media/opencv/opencv_log.h"

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>

#include "absl/strings/str_format.h"
#include "core/base/library_log.h"

namespace ruyi {

void SendOpencvMessagesToLog() {
  cv::redirectError([](int /*code*/, const char* function, const char* message, auto... /*file, line, user data*/) {
    LogFromLibrary("OpenCV", absl::StrFormat("%s: %s", function, message));
    return 0;
  });
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
}

}  // namespace ruyi
