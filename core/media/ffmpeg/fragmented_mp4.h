// Encoded packets → the bytes of a fragmented MP4 file (ISO/IEC 14496-12). Before it: libx264. After it: the encoder's
// ByteSink, which gets each fragment as soon as its last packet is in. Owns the file's state, not the sink. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/media/ffmpeg/av_handles.h"
#include "core/media/video_encoder.h"

namespace ruyi {

// A third of a second at 24 frames per second: soon enough for a progress view, and frame counts are multiples of 8, so
// no fragment is short. Each fragment opens with a key frame.
inline constexpr int kFramesPerFragment = 8;

class FragmentedMp4 {
 public:
  // Begins a file with one stream of what `codec` (opened) encodes. `sink` must outlive the file. An error of the sink
  // is returned as it is, here and below; INTERNAL: FFmpeg failed.
  static absl::StatusOr<std::unique_ptr<FragmentedMp4>> Open(const AVCodecContext& codec, ByteSink* sink);

  FragmentedMp4(const FragmentedMp4&) = delete;
  FragmentedMp4& operator=(const FragmentedMp4&) = delete;

  // Appends one frame's packet, in decoding order; its times, in the codec's time base, are rewritten to the file's.
  absl::Status AddPacket(AVPacket& packet);

  // Writes the last fragment and the index. Nothing after it.
  absl::Status Finish();

 private:
  explicit FragmentedMp4(ByteSink* sink) : sink_(sink) {}
  static int WriteToSink(void* self, uint8_t* bytes, int size);
  absl::Status MakeHandles();
  absl::Status WriteHeader(const AVCodecContext& codec);
  absl::Status EndFragment();
  absl::Status Flush();
  absl::Status Result(int code, std::string_view what) const;

  ByteSink* sink_;
  absl::Status sink_status_;  // the first error of the sink; libavformat writes nothing after it
  AVRational codec_time_base_ = {};
  int packets_in_fragment_ = 0;
  AvIoHandle io_;
  AvFormatHandle file_;
};

}  // namespace ruyi
