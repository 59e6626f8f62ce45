#include "core/media/ffmpeg/av_status.h"

#include "absl/strings/str_format.h"

extern "C" {
#include <libavutil/error.h>
}

namespace ruyi {

absl::Status AvStatus(int code, std::string_view what) {
  if (code >= 0)
    return absl::OkStatus();
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return absl::InternalError(absl::StrFormat("%s failed: %s (FFmpeg's code %d)", what, text, code));
}

absl::Status AvAllocated(const void* handle, std::string_view what) {
  return AvStatus(handle == nullptr ? AVERROR(ENOMEM) : 0, what);
}

}  // namespace ruyi
