#include "core/media/ffmpeg/ffmpeg_video_encoder.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/media/ffmpeg/av_handles.h"
#include "core/media/ffmpeg/av_status.h"
#include "core/media/ffmpeg/ffmpeg_log.h"
#include "core/media/ffmpeg/mp4_file.h"
#include "core/media/ffmpeg/yuv_converter.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace ruyi {
namespace {

// How x264 cuts a frame into slices, and with it the bytes, depends on the number of its threads: with one for each
// core they would depend on the machine. One is the caller's own, so an encoder never computes on more than one core.
constexpr int kX264Threads = 1;

absl::Status CheckSize(const VideoFormat& format) {
  const bool is_positive = format.width > 0 && format.height > 0;
  if (is_positive && format.width % 2 == 0 && format.height % 2 == 0)
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "the video's size is %dx%d; width and height must be positive and even", format.width, format.height));
}

absl::Status CheckRange(std::string_view name, int value, int min, int max) {
  if (value >= min && value <= max)
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("%s is %d; it must be from %d to %d", name, value, min, max));
}

absl::Status CheckFormat(const VideoFormat& format) {
  if (format.frames_per_second <= 0)
    return absl::InvalidArgumentError(
        absl::StrFormat("frames_per_second is %d; it must be positive", format.frames_per_second));
  if (format.frame_count < 0)
    return absl::InvalidArgumentError(
        absl::StrFormat("frame_count is %d; it must be positive, or 0 when it is not known", format.frame_count));
  const EncodingSettings& encoding = format.encoding;
  RUYI_RETURN_IF_ERROR(CheckRange("crf", encoding.crf, kMinCrf, kMaxCrf));
  RUYI_RETURN_IF_ERROR(CheckRange("fragment_frames", encoding.fragment_frames, kMinFragmentFrames, kMaxFragmentFrames));
  return CheckSize(format);
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
  std::string value;
};

// zerolatency (no B-frames, no look-ahead): a frame's packet comes out before the next frame goes in, so a fragment
// leaves with its last frame. cpu-independent: without it x264 takes other decisions on processors with SSE4. Lossless
// is not in the profile High.
std::vector<X264Option> X264Options(const EncodingSettings& encoding) {
  return {{"preset", std::string(kEncoderPresetNames[static_cast<size_t>(encoding.preset)])},
          {"tune", "zerolatency"},
          {"profile", encoding.crf == 0 ? "high444" : "high"},
          {"crf", absl::StrCat(encoding.crf)},
          {"sc_threshold", "0"},
          {"x264-params", "cpu-independent=1"}};
}

absl::Status ChooseEncoding(const EncodingSettings& encoding, AVCodecContext& codec) {
  codec.gop_size = encoding.fragment_frames;
  codec.max_b_frames = 0;
  codec.thread_count = kX264Threads;
  codec.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  for (const X264Option& option : X264Options(encoding))
    RUYI_RETURN_IF_ERROR(AvStatus(av_opt_set(&codec, option.name, option.value.c_str(), AV_OPT_SEARCH_CHILDREN),
                                  absl::StrFormat("setting x264's %s", option.name)));
  return absl::OkStatus();
}

absl::StatusOr<AvCodecHandle> OpenCodec(const VideoFormat& format) {
  const AVCodec* x264 = avcodec_find_encoder_by_name("libx264");
  RUYI_RETURN_IF_ERROR(AvStatus(x264 == nullptr ? AVERROR_ENCODER_NOT_FOUND : 0, "looking for libx264"));
  AvCodecHandle codec(avcodec_alloc_context3(x264));
  RUYI_RETURN_IF_ERROR(AvAllocated(codec.get(), "making the H.264 encoder"));
  DescribeStream(format, *codec);
  RUYI_RETURN_IF_ERROR(ChooseEncoding(format.encoding, *codec));
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
    RUYI_ASSIGN_OR_RETURN(std::unique_ptr<Mp4File> file, Mp4File::Open(format, *codec, sink));
    return std::make_unique<FfmpegVideoEncoder>(
        Parts{format, std::move(codec), std::move(converter), std::move(packet), std::move(file)});
  }

  struct Parts {
    VideoFormat format;
    AvCodecHandle codec;
    YuvConverter converter;
    AvPacketHandle packet;
    std::unique_ptr<Mp4File> file;
  };

  explicit FfmpegVideoEncoder(Parts parts) : parts_(std::move(parts)) {}

  absl::Status AddFrame(const RgbImage& frame) override {
    RUYI_RETURN_IF_ERROR(CheckNotFinished());
    RUYI_RETURN_IF_ERROR(CheckFrame(frame, parts_.format));
    if (parts_.format.frame_count > 0 && frame_count_ == parts_.format.frame_count)
      return WrongFrameCount("another frame was added");
    RUYI_ASSIGN_OR_RETURN(AVFrame* const yuv, parts_.converter.Convert(frame));
    yuv->pts = frame_count_++;
    return Encode(yuv);
  }

  absl::Status Finish() override {
    RUYI_RETURN_IF_ERROR(CheckNotFinished());
    if (parts_.format.frame_count > 0 && frame_count_ < parts_.format.frame_count)
      return WrongFrameCount(absl::StrFormat("it ends after %d", frame_count_));
    is_finished_ = true;
    RUYI_RETURN_IF_ERROR(Encode(nullptr));
    return parts_.file->Finish();
  }

 private:
  absl::Status CheckNotFinished() const {
    return is_finished_ ? absl::FailedPreconditionError("the video is finished; make another encoder")
                        : absl::OkStatus();
  }

  absl::Status WrongFrameCount(std::string_view what) const {
    return absl::FailedPreconditionError(
        absl::StrFormat("the video was to have %d frames; %s", parts_.format.frame_count, what));
  }

  // Encodes a frame. nullptr means the end, which brings out the frames that libx264 holds back.
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
