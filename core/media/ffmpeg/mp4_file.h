// Puts encoded packets into an MP4 file (ISO/IEC 14496-12), fragmented or plain. Before it: libx264. After it: the
// encoder's ByteSink, which gets each fragment as soon as its last packet is in, or a plain file when it is whole. Owns
// the file's state, not the sink. Not thread-safe.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/media/ffmpeg/av_handles.h"
#include "core/media/ffmpeg/memory_io.h"
#include "core/media/video_encoder.h"

namespace ruyi {

class Mp4File {
 public:
  // Begins a file with one stream, that of the opened encoder `codec`. `sink` must outlive the file. An error of the
  // sink is returned as it is, here and below; INTERNAL: FFmpeg failed.
  static absl::StatusOr<std::unique_ptr<Mp4File>> Open(const VideoFormat& format, const AVCodecContext& codec,
                                                       ByteSink* sink);

  Mp4File(const Mp4File&) = delete;
  Mp4File& operator=(const Mp4File&) = delete;

  // Appends one frame's packet, in decoding order; its times, in the codec's time base, are rewritten to the file's.
  absl::Status AddPacket(AVPacket& packet);

  // Writes the last fragment and the index, or the whole of a plain file. Nothing may be called after it.
  absl::Status Finish();

 private:
  Mp4File(const VideoFormat& format, ByteSink* sink) : format_(format), sink_(sink) {}
  absl::Status MakeHandles();
  absl::Status SetOptions();
  absl::Status SetMetadata();
  absl::Status WriteHeader(const AVCodecContext& codec);
  absl::Status AddOwnBoxes(std::string& header) const;
  absl::Status EndFragment();
  absl::Status Send(std::string bytes);
  static int OpenForReading(AVFormatContext* file, AVIOContext** io, const char* url, int flags,
                            AVDictionary** options);
  static int CloseAfterReading(AVFormatContext* file, AVIOContext* io);

  const VideoFormat format_;
  ByteSink* sink_;
  absl::Status sink_status_;  // the first error of the sink, which gets nothing after it
  AVRational codec_time_base_ = {};
  int packets_in_fragment_ = 0;
  std::unique_ptr<MemoryIo> io_;
  AvFormatHandle file_;
};

}  // namespace ruyi
