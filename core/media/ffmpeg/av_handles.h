// Types that own FFmpeg's C handles. Used by everything beside it: no handle lives outside one of these types. They can
// only be moved, and are as thread-safe as the handle.
#pragma once

#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/mem.h>
#include <libswscale/swscale.h>
}

namespace ruyi {

struct AvDeleter {
  void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
  void operator()(AVFormatContext* file) const { avformat_free_context(file); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
  // Frees `io` together with its buffer, which libavformat may have replaced by another.
  void operator()(AVIOContext* io) const {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};

using AvCodecHandle = std::unique_ptr<AVCodecContext, AvDeleter>;
using AvFormatHandle = std::unique_ptr<AVFormatContext, AvDeleter>;
using AvIoHandle = std::unique_ptr<AVIOContext, AvDeleter>;
using AvFrameHandle = std::unique_ptr<AVFrame, AvDeleter>;
using AvPacketHandle = std::unique_ptr<AVPacket, AvDeleter>;
using SwsHandle = std::unique_ptr<SwsContext, AvDeleter>;

}  // namespace ruyi
