#include "core/media/ffmpeg/ffmpeg_video_encoder.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/media/ffmpeg/av_handles.h"
#include "core/media/ffmpeg/av_status.h"
#include "core/media/ffmpeg/ffmpeg_log.h"
#include "core/media/ffmpeg/fragmented_mp4.h"
#include "core/media/ffmpeg/yuv_converter.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace ruyi {
namespace {

absl::Status CheckFormat(const VideoFormat& format) {
  if (format.frames_per_second <= 0)
    return absl::InvalidArgumentError(
        absl::StrFormat("frames_per_second is %d; it must be positive", format.frames_per_second));
  const bool is_positive = format.width > 0 && format.height > 0;
  if (is_positive && format.width % 2 == 0 && format.height % 2 == 0)
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "the video's size is %dx%d; width and height must be positive and even", format.width, format.height));
}

absl::Status CheckFrame(const RgbImage& frame, const VideoFormat& format) {
  if (frame.width != format.width || frame.height != format.height)
    return absl::InvalidArgumentError(absl::StrFormat("the frame has %dx%d pixels; the video takes frames of %dx%d",
                                                      frame.width, frame.height, format.width, format.height));
  const size_t expected = frame.row_bytes() * static_cast<size_t>(frame.height);
  if (frame.pixels.size() == expected)
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("the frame has %d bytes; %dx%d pixels of RGB have %d",
                                                    frame.pixels.size(), frame.width, frame.height, expected));
}

void DescribeStream(const VideoFormat& format, AVCodecContext& codec) {
  codec.width = format.width;
  codec.height = format.height;
  codec.time_base = {1, format.frames_per_second};
  codec.framerate = {format.frames_per_second, 1};
  codec.sample_aspect_ratio = {1, 1};
  codec.pix_fmt = AV_PIX_FMT_YUV420P;
  codec.color_range = AVCOL_RANGE_MPEG;
  codec.color_primaries = AVCOL_PRI_BT709;
  codec.color_trc = AVCOL_TRC_BT709;
  codec.colorspace = AVCOL_SPC_BT709;
  codec.chroma_sample_location = AVCHROMA_LOC_LEFT;
}

struct X264Option {
  const char* name;
  const char* value;
};

// zerolatency (no B-frames, no look-ahead): a frame's packet comes out before the next frame goes in, so a fragment
// leaves with its last frame. crf 18 cannot be told from the source by eye.
constexpr X264Option kX264Options[] = {
    {"preset", "medium"}, {"tune", "zerolatency"}, {"profile", "high"}, {"crf", "18"}, {"sc_threshold", "0"}};

// One thread: how x264 cuts a frame into slices, and with it the bytes, would depend on the number of cores.
absl::Status ChooseEncoding(AVCodecContext& codec) {
  codec.gop_size = kFramesPerFragment;
  codec.max_b_frames = 0;
  codec.thread_count = 1;
  codec.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  for (const X264Option& option : kX264Options)
    RUYI_RETURN_IF_ERROR(AvStatus(av_opt_set(&codec, option.name, option.value, AV_OPT_SEARCH_CHILDREN),
                                  absl::StrFormat("setting x264's %s", option.name)));
  return absl::OkStatus();
}

absl::StatusOr<AvCodecHandle> OpenCodec(const VideoFormat& format) {
  const AVCodec* x264 = avcodec_find_encoder_by_name("libx264");
  RUYI_RETURN_IF_ERROR(AvStatus(x264 == nullptr ? AVERROR_ENCODER_NOT_FOUND : 0, "looking for libx264"));
  AvCodecHandle codec(avcodec_alloc_context3(x264));
  RUYI_RETURN_IF_ERROR(AvAllocated(codec.get(), "making the H.264 encoder"));
  DescribeStream(format, *codec);
  RUYI_RETURN_IF_ERROR(ChooseEncoding(*codec));
  RUYI_RETURN_IF_ERROR(
      AvStatus(avcodec_open2(codec.get(), x264, nullptr),
               absl::StrFormat("opening the H.264 encoder for %dx%d pixels", format.width, format.height)));
  return codec;
}

class FfmpegVideoEncoder final : public VideoEncoder {
 public:
  static absl::StatusOr<std::unique_ptr<VideoEncoder>> Create(const VideoFormat& format, ByteSink* sink) {
    RUYI_ASSIGN_OR_RETURN(AvCodecHandle codec, OpenCodec(format));
    RUYI_ASSIGN_OR_RETURN(YuvConverter converter, YuvConverter::Create(format.width, format.height));
    AvPacketHandle packet(av_packet_alloc());
    RUYI_RETURN_IF_ERROR(AvAllocated(packet.get(), "making a packet"));
    RUYI_ASSIGN_OR_RETURN(std::unique_ptr<FragmentedMp4> file, FragmentedMp4::Open(*codec, sink));
    return std::make_unique<FfmpegVideoEncoder>(
        Parts{format, std::move(codec), std::move(converter), std::move(packet), std::move(file)});
  }

  struct Parts {
    VideoFormat format;
    AvCodecHandle codec;
    YuvConverter converter;
    AvPacketHandle packet;
    std::unique_ptr<FragmentedMp4> file;
  };

  explicit FfmpegVideoEncoder(Parts parts) : parts_(std::move(parts)) {}

  absl::Status AddFrame(const RgbImage& frame) override {
    RUYI_RETURN_IF_ERROR(CheckNotFinished());
    RUYI_RETURN_IF_ERROR(CheckFrame(frame, parts_.format));
    RUYI_ASSIGN_OR_RETURN(AVFrame* const yuv, parts_.converter.Convert(frame));
    yuv->pts = frame_count_++;
    return Encode(yuv);
  }

  absl::Status Finish() override {
    RUYI_RETURN_IF_ERROR(CheckNotFinished());
    is_finished_ = true;
    RUYI_RETURN_IF_ERROR(Encode(nullptr));
    return parts_.file->Finish();
  }

 private:
  absl::Status CheckNotFinished() const {
    return is_finished_ ? absl::FailedPreconditionError("the video is finished; make another encoder")
                        : absl::OkStatus();
  }

  // nullptr: the end, which brings out what libx264 holds back.
  absl::Status Encode(const AVFrame* frame) {
    RUYI_RETURN_IF_ERROR(AvStatus(avcodec_send_frame(parts_.codec.get(), frame), "encoding a frame"));
    int code = 0;
    while ((code = avcodec_receive_packet(parts_.codec.get(), parts_.packet.get())) >= 0) {
      parts_.packet->duration = 1;  // frame; libx264 leaves it open, and the file's length would miss the last frame
      RUYI_RETURN_IF_ERROR(parts_.file->AddPacket(*parts_.packet));
    }
    const bool wants_more = code == AVERROR(EAGAIN) || code == AVERROR_EOF;
    return wants_more ? absl::OkStatus() : AvStatus(code, "encoding a frame");
  }

  Parts parts_;
  int64_t frame_count_ = 0;
  bool is_finished_ = false;
};

}  // namespace

FfmpegVideoEncoderFactory::FfmpegVideoEncoderFactory() {
  SendFfmpegErrorsToLog();
}

absl::StatusOr<std::unique_ptr<VideoEncoder>> FfmpegVideoEncoderFactory::Create(const VideoFormat& format,
                                                                                ByteSink* sink) const {
  RUYI_RETURN_IF_ERROR(CheckFormat(format));
  return FfmpegVideoEncoder::Create(format, sink);
}

}  // namespace ruyi
