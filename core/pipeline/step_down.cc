#include "core/pipeline/step_down.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

// Passes frames on from the first that is new. An error of the sink ends the attempt as a cancellation does: it says
// nothing of the device.
class NewFrames final : public FrameSink {
 public:
  explicit NewFrames(FrameSink& next) : next_(next) {}

  void BeginAnew() { seen_ = 0; }

  absl::Status OnFrame(const RgbImage& frame) override {
    if (seen_++ < given_)
      return absl::OkStatus();
    error_ = next_.OnFrame(frame);
    ++given_;  // not when the sink throws: it gets the frame again
    return error_.ok() ? error_ : absl::CancelledError("the frames are not wanted any more");
  }

  // Returns the error of the sink.
  const absl::Status& error() const { return error_; }

 private:
  FrameSink& next_;
  int seen_ = 0;   // of this attempt
  int given_ = 0;  // of all attempts
  absl::Status error_;
};

bool IsOutOfMemory(const absl::Status& status) {
  return GetErrorInfo(status).reason == reason::kGpuOutOfMemory;
}

// The first of [next, end) that fits, or the last.
auto NextMode(auto next, auto end, int64_t available_bytes) {
  const auto fitting =
      std::find_if(next, end, [&](const Prediction& mode) { return mode.peak_bytes() <= available_bytes; });
  return fitting == end ? end - 1 : fitting;
}

absl::Status AllTried(const absl::Status& last, const std::vector<std::string>& tried) {
  const std::string modes = absl::StrJoin(tried, "; ");
  return WithErrorInfo(
      absl::ResourceExhaustedError(absl::StrFormat(
          "%s; no smaller memory mode is left (tried: %s). Ask for fewer frames or a lower resolution, or send the "
          "request again when other programs use less of the device",
          std::string(last.message()), modes)),
      {.reason = std::string(reason::kGpuOutOfMemory), .metadata = {{"modes_tried", modes}}});
}

GenerationReport ReportOf(const MemoryMode& mode, const StageCosts& costs, const std::vector<std::string>& tried) {
  return {
      .mode = mode, .peak_bytes = PeakBytesOf(costs), .stages = costs, .retries = static_cast<int>(tried.size()) - 1};
}

}  // namespace

absl::StatusOr<GenerationReport> GenerateWithStepDown(const Placement& placement, const StepDown& step_down,
                                                      ProgressSink& progress, FrameSink& frames) {
  NewFrames new_frames(frames);
  std::vector<std::string> tried;
  const Prediction* mode = &placement.prediction;
  for (auto next = placement.fallbacks.begin();; ++next) {
    new_frames.BeginAnew();
    tried.push_back(NameOf(mode->mode));
    const absl::StatusOr<StageCosts> costs = step_down.attempt(*mode, new_frames);
    if (!new_frames.error().ok())
      return new_frames.error();
    if (costs.ok())
      return ReportOf(mode->mode, *costs, tried);
    if (!IsOutOfMemory(costs.status()))
      return costs.status();
    if (next == placement.fallbacks.end())
      return AllTried(costs.status(), tried);
    next = NextMode(next, placement.fallbacks.end(), step_down.available_bytes());
    progress.OnRetry({.from = mode->mode, .to = next->mode, .reason = std::string(costs.status().message())});
    mode = &*next;
  }
}

}  // namespace ruyi
