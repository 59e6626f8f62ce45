// Measures what comes before and after the model: the picture's decoding, the film's encoding.
#include <benchmark/benchmark.h>

#include <span>
#include <string>
#include <vector>

#include "core/media/ffmpeg/ffmpeg_video_encoder.h"
#include "core/media/opencv/opencv_image_decoder.h"
#include "tests/bench/bench_inputs.h"

namespace ruyi {
namespace {

void DecodeImage(benchmark::State& state) {
  const OpencvImageDecoder decoder;
  const std::string photo = PhotoBytes();
  for (auto _ : state) {
    if (!decoder.Decode(photo, ImageLimits()).ok())
      return state.SkipWithError("the photograph cannot be decoded");
  }
}
BENCHMARK(DecodeImage)->Name("Media/DecodeImage")->Unit(benchmark::kMillisecond);

class CountedBytes final : public ByteSink {
 public:
  absl::Status Write(std::span<const uint8_t> bytes) override {
    count_ += bytes.size();
    return absl::OkStatus();
  }
  size_t count() const { return count_; }

 private:
  size_t count_ = 0;
};

absl::Status Encode(const std::vector<RgbImage>& frames, ByteSink* sink) {
  const VideoFormat format = {.width = frames.front().width, .height = frames.front().height};
  auto encoder = FfmpegVideoEncoderFactory().Create(format, sink);
  if (!encoder.ok())
    return encoder.status();
  for (const RgbImage& frame : frames) {
    if (absl::Status status = (*encoder)->AddFrame(frame); !status.ok())
      return status;
  }
  return (*encoder)->Finish();
}

void EncodeMp4(benchmark::State& state) {
  const std::vector<RgbImage> frames = PanningFrames(24);
  size_t bytes = 0;
  for (auto _ : state) {
    CountedBytes sink;
    if (absl::Status status = Encode(frames, &sink); !status.ok())
      return state.SkipWithError(std::string(status.message()).c_str());
    bytes = sink.count();
  }
  state.counters["file_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(EncodeMp4)->Name("Media/EncodeMp4/24frames")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ruyi
