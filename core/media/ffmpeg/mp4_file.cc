#include "core/media/ffmpeg/mp4_file.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "core/base/status_macros.h"
#include "core/media/ffmpeg/av_status.h"
#include "core/media/ffmpeg/mp4_boxes.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace ruyi {
namespace {

// frag_custom: fragments end where EndFragment says, not one frame later, at the next key frame. use_metadata_tags: any
// name may be given to a text, not only those that iTunes knows.
constexpr char kFragmentedFlags[] = "frag_custom+empty_moov+default_base_moof+use_metadata_tags";
constexpr char kPlainFlags[] = "faststart+use_metadata_tags";

}  // namespace

absl::StatusOr<std::unique_ptr<Mp4File>> Mp4File::Open(const VideoFormat& format, const AVCodecContext& codec,
                                                       ByteSink* sink) {
  auto mp4 = absl::WrapUnique(new Mp4File(format, sink));
  RUYI_RETURN_IF_ERROR(mp4->MakeHandles());
  RUYI_RETURN_IF_ERROR(mp4->SetOptions());
  RUYI_RETURN_IF_ERROR(mp4->SetMetadata());
  RUYI_RETURN_IF_ERROR(mp4->WriteHeader(codec));
  return mp4;
}

absl::Status Mp4File::MakeHandles() {
  RUYI_ASSIGN_OR_RETURN(io_, MemoryIo::Create());
  AVFormatContext* file = nullptr;
  RUYI_RETURN_IF_ERROR(AvStatus(avformat_alloc_output_context2(&file, nullptr, "mp4", nullptr), "making the MP4 file"));
  file_.reset(file);
  file_->pb = io_->context();
  file_->flags |= AVFMT_FLAG_BITEXACT;
  file_->opaque = io_.get();
  file_->io_open = OpenForReading;
  file_->io_close2 = CloseAfterReading;
  return absl::OkStatus();
}

// The movie's timescale: durations in it are exact, in frames.
absl::Status Mp4File::SetOptions() {
  const char* flags = format_.encoding.faststart ? kPlainFlags : kFragmentedFlags;
  RUYI_RETURN_IF_ERROR(AvStatus(av_opt_set(file_->priv_data, "movflags", flags, 0), "choosing the MP4 layout"));
  return AvStatus(av_opt_set_int(file_->priv_data, "movie_timescale", format_.frames_per_second, 0),
                  "choosing the MP4 timescale");
}

absl::Status Mp4File::SetMetadata() {
  for (const auto& [key, value] : format_.metadata)
    RUYI_RETURN_IF_ERROR(AvStatus(av_dict_set(&file_->metadata, key.c_str(), value.c_str(), AV_DICT_MATCH_CASE),
                                  "adding a text to the MP4 file"));
  return absl::OkStatus();
}

absl::Status Mp4File::WriteHeader(const AVCodecContext& codec) {
  AVStream* stream = avformat_new_stream(file_.get(), nullptr);
  RUYI_RETURN_IF_ERROR(AvAllocated(stream, "making the MP4 stream"));
  RUYI_RETURN_IF_ERROR(
      AvStatus(avcodec_parameters_from_context(stream->codecpar, &codec), "describing the MP4 stream"));
  stream->time_base = codec.time_base;
  stream->avg_frame_rate = codec.framerate;
  codec_time_base_ = codec.time_base;
  RUYI_RETURN_IF_ERROR(AvStatus(avformat_write_header(file_.get(), nullptr), "writing the MP4 header"));
  if (format_.encoding.faststart)
    return absl::OkStatus();
  std::string header = io_->Take();
  RUYI_RETURN_IF_ERROR(AddOwnBoxes(header));
  return Send(std::move(header));
}

absl::Status Mp4File::AddOwnBoxes(std::string& header) const {
  if (format_.frame_count > 0)
    RUYI_RETURN_IF_ERROR(InsertFragmentsDuration(static_cast<uint32_t>(format_.frame_count), header));
  if (format_.mark_as_generated)
    header += GeneratedMediaBox();
  return absl::OkStatus();
}

absl::Status Mp4File::AddPacket(AVPacket& packet) {
  RUYI_RETURN_IF_ERROR(sink_status_);
  const AVStream& stream = *file_->streams[0];
  packet.stream_index = stream.index;
  av_packet_rescale_ts(&packet, codec_time_base_, stream.time_base);
  RUYI_RETURN_IF_ERROR(AvStatus(av_write_frame(file_.get(), &packet), "adding a frame to the MP4 file"));
  if (format_.encoding.faststart || ++packets_in_fragment_ < format_.encoding.fragment_frames)
    return absl::OkStatus();
  return EndFragment();
}

absl::Status Mp4File::EndFragment() {
  packets_in_fragment_ = 0;
  RUYI_RETURN_IF_ERROR(AvStatus(av_write_frame(file_.get(), nullptr), "writing an MP4 fragment"));
  return Send(io_->Take());
}

absl::Status Mp4File::Finish() {
  RUYI_RETURN_IF_ERROR(sink_status_);
  RUYI_RETURN_IF_ERROR(AvStatus(av_write_trailer(file_.get()), "writing the end of the MP4 file"));
  std::string rest = io_->Take();
  if (format_.encoding.faststart && format_.mark_as_generated)
    rest += GeneratedMediaBox();  // behind all else: the index in front has offsets of what lies before it
  return Send(std::move(rest));
}

absl::Status Mp4File::Send(std::string bytes) {
  sink_status_ = sink_->Write({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  return sink_status_;
}

// libavformat reads the file again to move its index to the front.
int Mp4File::OpenForReading(AVFormatContext* file, AVIOContext** io, const char* /*url*/, int /*flags*/,
                            AVDictionary** /*options*/) {
  *io = static_cast<MemoryIo*>(file->opaque)->OpenForReading().release();
  return *io == nullptr ? AVERROR(ENOMEM) : 0;
}

int Mp4File::CloseAfterReading(AVFormatContext* /*file*/, AVIOContext* io) {
  AvIoHandle closes(io);
  return 0;
}

}  // namespace ruyi
