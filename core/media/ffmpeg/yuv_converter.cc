#include "core/media/ffmpeg/yuv_converter.h"

#include <algorithm>
#include <utility>

#include "core/base/status_macros.h"
#include "core/media/ffmpeg/av_status.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace ruyi {
namespace {

// libswscale's SIMD reads up to 16 bytes behind a tight RGB24 picture (found with valgrind); 64 leave room for wider
// registers.
constexpr size_t kReadBehindBytes = 64;

struct ScalerOption {
  const char* name;
  int64_t value;
};

// Chroma positions are in 1/256 of a pixel: 0 is on the left pixel, 128 between two rows.
absl::Status SetOptions(SwsContext* scaler, int width, int height) {
  const ScalerOption options[] = {
      {"srcw", width},
      {"srch", height},
      {"src_format", AV_PIX_FMT_RGB24},
      {"dstw", width},
      {"dsth", height},
      {"dst_format", AV_PIX_FMT_YUV420P},
      {"dst_h_chr_pos", 0},
      {"dst_v_chr_pos", 128},
      {"sws_flags", SWS_BILINEAR | SWS_FULL_CHR_H_INP | SWS_ACCURATE_RND | SWS_BITEXACT},
  };
  for (const ScalerOption& option : options)
    RUYI_RETURN_IF_ERROR(AvStatus(av_opt_set_int(scaler, option.name, option.value, 0), "describing the colours"));
  return absl::OkStatus();
}

absl::StatusOr<SwsHandle> MakeScaler(int width, int height) {
  SwsHandle scaler(sws_alloc_context());
  RUYI_RETURN_IF_ERROR(AvAllocated(scaler.get(), "making the colour converter"));
  RUYI_RETURN_IF_ERROR(SetOptions(scaler.get(), width, height));
  constexpr int kFullRange = 1, kLimitedRange = 0, kNoBrightness = 0, kUnity = 1 << 16;
  const int* bt709 = sws_getCoefficients(SWS_CS_ITU709);
  RUYI_RETURN_IF_ERROR(AvStatus(
      sws_setColorspaceDetails(scaler.get(), bt709, kFullRange, bt709, kLimitedRange, kNoBrightness, kUnity, kUnity),
      "choosing the colour matrix"));
  RUYI_RETURN_IF_ERROR(AvStatus(sws_init_context(scaler.get(), nullptr, nullptr), "opening the colour converter"));
  return scaler;
}

absl::StatusOr<AvFrameHandle> MakeFrame(int width, int height) {
  AvFrameHandle frame(av_frame_alloc());
  RUYI_RETURN_IF_ERROR(AvAllocated(frame.get(), "making a video frame"));
  frame->format = AV_PIX_FMT_YUV420P;
  frame->width = width;
  frame->height = height;
  RUYI_RETURN_IF_ERROR(AvStatus(av_frame_get_buffer(frame.get(), 0), "allocating a video frame"));
  return frame;
}

}  // namespace

absl::StatusOr<YuvConverter> YuvConverter::Create(int width, int height) {
  RUYI_ASSIGN_OR_RETURN(SwsHandle scaler, MakeScaler(width, height));
  RUYI_ASSIGN_OR_RETURN(AvFrameHandle frame, MakeFrame(width, height));
  return YuvConverter(std::move(scaler), std::move(frame));
}

absl::StatusOr<AVFrame*> YuvConverter::Convert(const RgbImage& image) {
  padded_.resize(image.pixels.size() + kReadBehindBytes);
  std::copy(image.pixels.begin(), image.pixels.end(), padded_.begin());
  RUYI_RETURN_IF_ERROR(AvStatus(av_frame_make_writable(frame_.get()), "reusing a video frame"));
  const uint8_t* planes[] = {padded_.data()};
  const int strides[] = {static_cast<int>(image.row_bytes())};
  RUYI_RETURN_IF_ERROR(
      AvStatus(sws_scale(scaler_.get(), planes, strides, 0, image.height, frame_->data, frame_->linesize),
               "converting a frame"));
  return frame_.get();
}

}  // namespace ruyi
