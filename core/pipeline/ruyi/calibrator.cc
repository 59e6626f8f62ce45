#include "core/pipeline/ruyi/calibrator.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/functional/function_ref.h"
#include "core/memory/copy_stream.h"
#include "core/memory/pinned_memory.h"
#include "core/memory/weight_ring.h"
#include "core/plan/cost_model.h"
#include "core/request/resolution.h"
#include "core/tensor/device.h"

namespace ruyi {
namespace {

constexpr int kSteps = 3;

// One unit of work: how large it was, and what it took.
struct Point {
  double x;
  double y;
};

PixelSize LargestSize(const RequestLimits& limits) {
  if (limits.sizes.empty())
    return BucketSize({.width = 16, .height = 9}, limits.base_resolution.default_value);
  return *std::max_element(limits.sizes.begin(), limits.sizes.end(), [](const PixelSize& a, const PixelSize& b) {
    return a.width * a.height < b.width * b.height;
  });
}

// Returns a size about half as wide and high.
PixelSize HalfOf(const PixelSize& size, int multiple) {
  const auto half = [&](int side) { return std::max(multiple, side / 2 / multiple * multiple); };
  return {.width = half(size.width), .height = half(size.height)};
}

VideoSpec SpecOf(const PixelSize& size, int frames, const LatentGeometry& geometry) {
  VideoSpec spec;
  spec.size = size;
  spec.start_pictures = {PictureRef()};
  spec.frame_count = frames;
  spec.latents = LatentsOf(size, frames, geometry);
  spec.steps = kSteps;
  spec.guidance_scale = 1;
  spec.clip_apply_ratio = 1;
  return spec;
}

// Fits y = a + b x by least squares; neither a nor b is negative. For a single point the line goes through the origin.
Curve FitLine(const std::vector<Point>& points) {
  double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
  for (const Point& point : points) {
    sum_x += point.x;
    sum_y += point.y;
    sum_xx += point.x * point.x;
    sum_xy += point.x * point.y;
  }
  const auto count = static_cast<double>(points.size());
  const double spread = count * sum_xx - sum_x * sum_x;
  const double slope = spread > 0 ? (count * sum_xy - sum_x * sum_y) / spread : 0;
  const double constant = (sum_y - slope * sum_x) / count;
  if (slope <= 0 || constant < 0)
    return {.linear = sum_xy / sum_xx};
  return {.constant = constant, .linear = slope};
}

// Fits y = b x + c x² by least squares, each point weighed by its own size; neither b nor c is negative.
Curve FitGrowth(const std::vector<Point>& points) {
  std::vector<Point> rates;  // y / x = b + c x
  for (const Point& point : points)
    rates.push_back({.x = point.x, .y = point.y / point.x});
  const Curve rate = FitLine(rates);
  if (points.size() > 1 && rate.constant > 0)
    return {.linear = rate.constant, .quadratic = rate.linear};
  double mean = 0;
  for (const Point& point : rates)
    mean += point.y / static_cast<double>(rates.size());
  return {.linear = mean};
}

// Returns how long a step's passes take, by their tokens, as measured beside the streaming of weights.
std::vector<Point> PassTimes(const ModelFacts& facts, const std::vector<CalibrationRun>& runs,
                             double upload_bytes_per_second) {
  constexpr double kClearly = 1.5;  // longer than the upload
  const CostModel passes(
      facts, {.step = {.bytes = {}, .seconds = {.linear = 1}}});  // a second for a token, and what the mode adds
  const CostModel uploads(facts, {.upload_bytes_per_second = upload_bytes_per_second});
  std::vector<Point> all, clear;
  for (const CalibrationRun& run : runs) {
    const CostModel::Units units = passes.UnitsOf(run.spec);
    const double upload_seconds = uploads.UploadSeconds(run.spec, run.mode);
    const double measured = CostOf(run.costs, Stage::kDenoise).seconds - upload_seconds;
    const double seconds_of_tokens = passes.Predict(run.spec, run.mode).Of(Stage::kDenoise).seconds;
    all.push_back({.x = units.tokens, .y = measured / seconds_of_tokens * units.tokens});
    if (measured > kClearly * units.calls * upload_seconds)
      clear.push_back(all.back());
  }
  return clear.empty() ? all : clear;
}

// Returns what a stage of the run took beside what is known.
double BytesOf(const CostModel& known, const CalibrationRun& run, Stage stage) {
  const Prediction base = known.Predict(run.spec, run.mode);
  return static_cast<double>(CostOf(run.costs, stage).peak_bytes - base.Of(stage).peak_bytes);
}

bool MakesTheSame(const CalibrationRun& a, const CalibrationRun& b) {
  return a.spec.size == b.spec.size && a.spec.frame_count == b.spec.frame_count;
}

// Returns the runs that say what a step takes. One in slabs whose video has been made without says nothing new.
std::vector<CalibrationRun> RunsForSteps(const std::vector<CalibrationRun>& runs) {
  std::vector<CalibrationRun> chosen;
  for (const CalibrationRun& run : runs) {
    const auto says_the_same = [&](const CalibrationRun& other) { return MakesTheSame(run, other); };
    if (std::none_of(chosen.begin(), chosen.end(), says_the_same))
      chosen.push_back(run);
  }
  return chosen;
}

// Returns what one of the autoencoder's two stages takes for a chunk, by slabs or not; all zero where no run shows it.
PassCurves FitChunks(const CostModel& known, const std::vector<CalibrationRun>& runs, Stage stage, bool in_slabs) {
  std::vector<Point> bytes, seconds;
  for (const CalibrationRun& run : runs) {
    if (run.mode.autoencoder_in_slabs != in_slabs)
      continue;
    const CostModel::Units units = known.UnitsOf(run.spec);
    const double chunks = stage == Stage::kEncode ? units.encodes : units.decodes;
    bytes.push_back({units.pixels, BytesOf(known, run, stage)});
    seconds.push_back({units.pixels, CostOf(run.costs, stage).seconds / chunks});
  }
  if (bytes.empty())
    return {};
  return {.bytes = FitLine(bytes), .seconds = FitGrowth(seconds)};
}

}  // namespace

std::vector<VideoSpec> CalibrationSpecs(const RequestLimits& limits, const LatentGeometry& geometry) {
  constexpr int kShortChunks = 3;
  const PixelSize size = LargestSize(limits);
  const int most = limits.frame_count.max / geometry.frames_per_chunk * geometry.frames_per_chunk;
  const int few = std::min(most, kShortChunks * geometry.frames_per_chunk);
  std::vector<VideoSpec> specs = {SpecOf(HalfOf(size, limits.size_multiple), few, geometry),
                                  SpecOf(size, few, geometry)};
  // In long videos attention takes most of the time, a GPU gets warm, and no step waits for streamed weights.
  const int half = most / 2 / geometry.frames_per_chunk * geometry.frames_per_chunk;
  for (const int frames : {half, most}) {
    if (frames > few)
      specs.push_back(SpecOf(size, frames, geometry));
  }
  return specs;
}

std::vector<VideoSpec> SlabSpecs(const std::vector<VideoSpec>& specs, size_t measured) {
  constexpr size_t kOfTheAutoencoder = 2;
  std::vector<VideoSpec> chosen;
  for (size_t i = 0; i < specs.size(); ++i) {
    if (i >= measured || i < kOfTheAutoencoder)
      chosen.push_back(specs[i]);
    if (i < measured && i < kOfTheAutoencoder)
      chosen.back().steps = 1;
  }
  return chosen;
}

Calibration FitCalibration(const ModelFacts& facts, const std::vector<CalibrationRun>& runs,
                           double upload_bytes_per_second) {
  const CostModel known(facts, {});  // what need not be measured
  const std::vector<CalibrationRun> steps = RunsForSteps(runs);
  std::vector<Point> step_bytes;
  for (const CalibrationRun& run : steps)
    step_bytes.push_back({known.UnitsOf(run.spec).tokens, BytesOf(known, run, Stage::kDenoise)});
  Calibration calibration = {.upload_bytes_per_second = upload_bytes_per_second};
  calibration.step = {.bytes = FitLine(step_bytes),
                      .seconds = FitGrowth(PassTimes(facts, steps, upload_bytes_per_second))};
  calibration.encode = FitChunks(known, runs, Stage::kEncode, /*in_slabs=*/false);
  calibration.decode = FitChunks(known, runs, Stage::kDecode, /*in_slabs=*/false);
  calibration.slab_encode = FitChunks(known, runs, Stage::kEncode, /*in_slabs=*/true);
  calibration.slab_decode = FitChunks(known, runs, Stage::kDecode, /*in_slabs=*/true);
  for (const CalibrationRun& run : runs) {
    calibration.clip_bytes = std::max(calibration.clip_bytes, BytesOf(known, run, Stage::kClip));
    calibration.clip_seconds = CostOf(run.costs, Stage::kClip).seconds;
  }
  return calibration;
}

namespace {

constexpr int64_t kMeasuredBytes = int64_t{1} << 28;  // a power of two, which is what EmptyOnHost takes

double RateOf(int64_t bytes, absl::FunctionRef<void()> work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return static_cast<double>(bytes) / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Returns bytes of `host` from `offset` on as a tensor like `weight`.
at::Tensor PlaceFor(const at::Tensor& weight, const at::Tensor& host, int64_t offset) {
  return host.narrow(0, offset, static_cast<int64_t>(weight.nbytes())).view(weight.scalar_type()).view(weight.sizes());
}

}  // namespace

double MeasureUpload(c10::Device device) {
  if (device.is_cpu())
    return 0;
  CopyStream copies(device);
  const at::Tensor host = EmptyOnHost({kMeasuredBytes}, at::kByte, device);
  const at::Tensor there = at::empty({kMeasuredBytes}, at::TensorOptions(device).dtype(at::kByte));
  const auto rate = [&] {
    Fence never(device);
    Fence copied(device);
    return RateOf(kMeasuredBytes, [&] {
      copies.Copy(there, host, never, copied);
      copied.Await();
    });
  };
  rate();  // the first copy touches the memory
  return rate();
}

// Gives back the pinned memory that is kept first, so that some is pinned anew.
void MeasurePlacing(const Parameters& weights, c10::Device device, Calibration& calibration) {
  if (device.is_cpu())
    return;
  ReleaseKeptHostMemory(device);
  at::Tensor host;
  calibration.pin_bytes_per_second =
      RateOf(kMeasuredBytes, [&] { host = EmptyOnHost({kMeasuredBytes}, at::kByte, device); });
  std::vector<std::pair<at::Tensor, at::Tensor>> some;  // weights, and where they go on the host
  int64_t bytes = 0;
  for (const auto& [name, weight] : weights) {
    const int64_t more = WeightRing::SlotBytesOf({{name, weight}});
    if (bytes + more > kMeasuredBytes)
      continue;
    some.emplace_back(weight, PlaceFor(weight, host, bytes));
    bytes += more;
  }
  calibration.fill_bytes_per_second = RateOf(bytes, [&] {
    for (const auto& [weight, place] : some)
      place.copy_(weight);
  });
  calibration.place_bytes_per_second = RateOf(bytes, [&] {
    for (const auto& [weight, place] : some)
      weight.to(device);
  });
}

}  // namespace ruyi
