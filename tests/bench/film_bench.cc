// Measures the encoding of films that look like the model's: the demo request's frames, enlarged to the sizes of the
// full-size model, alone and beside a device that decodes them.
#include <benchmark/benchmark.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "core/base/wake_up.h"
#include "core/media/ffmpeg/ffmpeg_video_encoder.h"
#include "core/media/pillow_resize.h"
#include "core/pipeline/discard.h"
#include "core/pipeline/ruyi/models.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "core/worker/background_encoder.h"
#include "tests/bench/bench_inputs.h"

namespace ruyi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kFramesPerChunk = 8;

// A size, and how long a GPU decodes a chunk of it, see docs/performance.md.
struct FilmSize {
  const char* name;
  PixelSize size;
  std::chrono::milliseconds chunk_time;
};
constexpr FilmSize kSizes[] = {{"512", {.width = 672, .height = 384}, std::chrono::milliseconds(129)},
                               {"768", {.width = 1008, .height = 576}, std::chrono::milliseconds(317)}};

class KeptFrames final : public FrameSink {
 public:
  absl::Status OnFrame(const RgbImage& frame) override {
    frames.push_back(frame);
    return absl::OkStatus();
  }
  std::vector<RgbImage> frames;
};

// The frames of the demo request, made once.
const std::vector<RgbImage>& DemoFrames() {
  static const auto& frames = *new std::vector<RgbImage>([] {
    RuyiPipeline pipeline(*LoadRuyiModels(DemoModel(), {.dtype = c10::kFloat}));
    DiscardProgress progress;
    KeptFrames kept;
    Generate(pipeline, DemoVideo(25), progress, kept).status().IgnoreError();
    return kept.frames;
  }());
  return frames;
}

const std::vector<RgbImage>& FilmOf(const FilmSize& film) {
  static auto& films = *new std::map<const char*, std::vector<RgbImage>>;
  std::vector<RgbImage>& frames = films[film.name];
  for (size_t i = frames.size(); i < DemoFrames().size(); ++i)
    frames.push_back(ResizeLikePillow(DemoFrames()[i], film.size));
  return frames;
}

class CountedBytes final : public ByteSink {
 public:
  absl::Status Write(std::span<const uint8_t> bytes) override {
    count += bytes.size();
    return absl::OkStatus();
  }
  size_t count = 0;
};

absl::StatusOr<std::unique_ptr<VideoEncoder>> MakeEncoder(const FilmSize& film, EncoderPreset preset, ByteSink* sink) {
  return FfmpegVideoEncoderFactory().Create(
      {.width = film.size.width, .height = film.size.height, .encoding = {.preset = preset}}, sink);
}

absl::Status Give(std::span<const RgbImage> frames, VideoEncoder& encoder) {
  for (const RgbImage& frame : frames)
    RUYI_RETURN_IF_ERROR(encoder.AddFrame(frame));
  return absl::OkStatus();
}

void EncodeFilm(benchmark::State& state, const FilmSize& film, EncoderPreset preset) {
  const std::vector<RgbImage>& frames = FilmOf(film);
  CountedBytes sink;
  for (auto _ : state) {
    sink.count = 0;
    const auto encoder = MakeEncoder(film, preset, &sink);
    if (!encoder.ok() || !Give(frames, **encoder).ok() || !(*encoder)->Finish().ok())
      return state.SkipWithError("the film cannot be encoded");
  }
  const auto count = static_cast<double>(frames.size());
  state.counters["s_per_frame"] =
      benchmark::Counter(count, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["bytes_per_frame"] = static_cast<double>(sink.count) / count;
}

// Stands in for the device: decodes one chunk after the other, each from when it was asked for and the one before it is
// done.
class DecodingDevice {
 public:
  explicit DecodingDevice(std::chrono::milliseconds chunk_time) : chunk_time_(chunk_time) {}

  // Returns when a chunk that is asked for now is decoded.
  Clock::time_point Ask() { return free_ = std::max(free_, Clock::now()) + chunk_time_; }

 private:
  const std::chrono::milliseconds chunk_time_;
  Clock::time_point free_ = Clock::now();
};

// Gives chunks as FrameOutput does: each once the next one has been asked for.
absl::Status DecodeInto(VideoEncoder& encoder, const FilmSize& film) {
  const std::span<const RgbImage> frames = FilmOf(film);
  DecodingDevice device(film.chunk_time);
  Clock::time_point ready = device.Ask();
  for (size_t begin = 0; begin < frames.size(); begin += kFramesPerChunk) {
    const Clock::time_point next = begin + kFramesPerChunk < frames.size() ? device.Ask() : ready;
    WakeUp().Wait(absl::FromChrono(ready - Clock::now()));  // nobody wakes it
    RUYI_RETURN_IF_ERROR(
        Give(frames.subspan(begin, std::min<size_t>(kFramesPerChunk, frames.size() - begin)), encoder));
    ready = next;
  }
  return encoder.Finish();
}

void DecodeAndEncode(benchmark::State& state, const FilmSize& film, EncoderPreset preset, bool in_background) {
  FilmOf(film);
  for (auto _ : state) {
    CountedBytes sink;
    auto encoder = MakeEncoder(film, preset, &sink);
    if (!encoder.ok())
      return state.SkipWithError("the film cannot be encoded");
    if (in_background)
      *encoder = std::make_unique<BackgroundEncoder>(*std::move(encoder), CancellationToken());
    if (!DecodeInto(**encoder, film).ok())
      return state.SkipWithError("the film cannot be encoded");
  }
}

// Wall clock, for most of the time nothing computes.
void Register(const std::string& name, std::function<void(benchmark::State&)> measure) {
  benchmark::RegisterBenchmark(name.c_str(), std::move(measure))->Unit(benchmark::kMillisecond)->UseRealTime();
}

const bool registered = [] {
  for (const FilmSize& film : kSizes) {
    for (const EncoderPreset preset : {EncoderPreset::kMedium, EncoderPreset::kVeryslow}) {
      const std::string of =
          absl::StrFormat("%s/%s", film.name, std::string(kEncoderPresetNames[static_cast<size_t>(preset)]));
      Register("Film/Encode/" + of, [=](benchmark::State& state) { EncodeFilm(state, film, preset); });
      Register("Film/InTurn/" + of, [=](benchmark::State& state) { DecodeAndEncode(state, film, preset, false); });
      Register("Film/Beside/" + of, [=](benchmark::State& state) { DecodeAndEncode(state, film, preset, true); });
    }
  }
  return true;
}();

}  // namespace
}  // namespace ruyi
