// What FFmpeg has to say → LogFromLibrary. Called by FfmpegVideoEncoderFactory, when it is made. Thread-safe.
#pragma once

namespace ruyi {

// From now on FFmpeg writes nothing to standard error, in the whole process: errors go to LogFromLibrary, anything less
// is discarded.
void SendFfmpegErrorsToLog();

}  // namespace ruyi
