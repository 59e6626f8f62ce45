#include "core/media/ffmpeg/fragmented_mp4.h"

#include "absl/memory/memory.h"
#include "core/base/status_macros.h"
#include "core/media/ffmpeg/av_status.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace ruyi {
namespace {

constexpr int kIoBufferBytes = 64 << 10;

absl::StatusOr<AvIoHandle> MakeIo(void* opaque, int (*write)(void*, uint8_t*, int)) {
  auto* buffer = static_cast<uint8_t*>(av_malloc(kIoBufferBytes));
  RUYI_RETURN_IF_ERROR(AvAllocated(buffer, "making the MP4 buffer"));
  constexpr int kForWriting = 1;
  AvIoHandle io(avio_alloc_context(buffer, kIoBufferBytes, kForWriting, opaque, nullptr, write, nullptr));
  if (io == nullptr)
    av_free(buffer);
  RUYI_RETURN_IF_ERROR(AvAllocated(io.get(), "making the MP4 output"));
  return io;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FragmentedMp4>> FragmentedMp4::Open(const AVCodecContext& codec, ByteSink* sink) {
  auto mp4 = absl::WrapUnique(new FragmentedMp4(sink));
  RUYI_RETURN_IF_ERROR(mp4->MakeHandles());
  RUYI_RETURN_IF_ERROR(mp4->WriteHeader(codec));
  return mp4;
}

absl::Status FragmentedMp4::MakeHandles() {
  RUYI_ASSIGN_OR_RETURN(io_, MakeIo(this, &WriteToSink));
  AVFormatContext* file = nullptr;
  RUYI_RETURN_IF_ERROR(AvStatus(avformat_alloc_output_context2(&file, nullptr, "mp4", nullptr), "making the MP4 file"));
  file_.reset(file);
  file_->pb = io_.get();
  file_->flags |= AVFMT_FLAG_BITEXACT;
  // frag_custom: fragments end where EndFragment says, not one frame later, at the next key frame.
  return AvStatus(av_opt_set(file_->priv_data, "movflags", "frag_custom+empty_moov+default_base_moof", 0),
                  "choosing the MP4 layout");
}

absl::Status FragmentedMp4::WriteHeader(const AVCodecContext& codec) {
  AVStream* stream = avformat_new_stream(file_.get(), nullptr);
  RUYI_RETURN_IF_ERROR(AvAllocated(stream, "making the MP4 stream"));
  RUYI_RETURN_IF_ERROR(
      AvStatus(avcodec_parameters_from_context(stream->codecpar, &codec), "describing the MP4 stream"));
  stream->time_base = codec.time_base;
  stream->avg_frame_rate = codec.framerate;
  codec_time_base_ = codec.time_base;
  RUYI_RETURN_IF_ERROR(Result(avformat_write_header(file_.get(), nullptr), "writing the MP4 header"));
  return Flush();
}

absl::Status FragmentedMp4::AddPacket(AVPacket& packet) {
  const AVStream& stream = *file_->streams[0];
  packet.stream_index = stream.index;
  av_packet_rescale_ts(&packet, codec_time_base_, stream.time_base);
  RUYI_RETURN_IF_ERROR(Result(av_write_frame(file_.get(), &packet), "adding a frame to the MP4 file"));
  if (++packets_in_fragment_ < kFramesPerFragment)
    return absl::OkStatus();
  return EndFragment();
}

absl::Status FragmentedMp4::EndFragment() {
  packets_in_fragment_ = 0;
  RUYI_RETURN_IF_ERROR(Result(av_write_frame(file_.get(), nullptr), "writing an MP4 fragment"));
  return Flush();
}

absl::Status FragmentedMp4::Finish() {
  RUYI_RETURN_IF_ERROR(Result(av_write_trailer(file_.get()), "writing the end of the MP4 file"));
  return Flush();
}

absl::Status FragmentedMp4::Flush() {
  avio_flush(io_.get());
  return Result(io_->error, "writing MP4 bytes");
}

absl::Status FragmentedMp4::Result(int code, std::string_view what) const {
  return sink_status_.ok() ? AvStatus(code, what) : sink_status_;
}

int FragmentedMp4::WriteToSink(void* self, uint8_t* bytes, int size) {
  auto& mp4 = *static_cast<FragmentedMp4*>(self);
  mp4.sink_status_ = mp4.sink_->Write({bytes, static_cast<size_t>(size)});
  return mp4.sink_status_.ok() ? size : AVERROR_EXTERNAL;
}

}  // namespace ruyi
