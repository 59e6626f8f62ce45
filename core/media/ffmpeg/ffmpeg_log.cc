#include "core/media/ffmpeg/ffmpeg_log.h"

#include <cstdarg>

#include "core/base/library_log.h"

extern "C" {
#include <libavutil/log.h>
}

namespace ruyi {
namespace {

void OnMessage(void* context, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR)
    return;
  char line[1024] = {};
  int with_prefix = 1;
  av_log_format_line2(context, level, format, arguments, line, sizeof(line), &with_prefix);
  LogFromLibrary("FFmpeg", line);
}

}  // namespace

void SendFfmpegErrorsToLog() {
  av_log_set_callback(OnMessage);
}

}  // namespace ruyi
