// Sends FFmpeg's messages to LogFromLibrary. Called by FfmpegVideoEncoderFactory, when it is made. Thread-safe.
#pragma once

namespace ruyi {

// Sends FFmpeg's errors to LogFromLibrary from now on, in the whole process, and discards anything less. FFmpeg then
// writes nothing to standard error.
void SendFfmpegErrorsToLog();

}  // namespace ruyi
