// A GPU that stops computing while a video is made.
#include <ATen/core/TensorBody.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "tests/model_bench/bench_cases.h"
#include "tests/model_bench/bench_shape.h"
#include "tests/model_bench/benches.h"

namespace ruyi::bench {
namespace {

// Breaks the GPU for this process as a stage begins. It breaks while the host goes on, after some products.
class Fault final : public ProgressSink {
 public:
  Fault(c10::Device device, Phase phase, int products) : device_(device), phase_(phase), products_(products) {}

  void OnProgress(const Progress& progress) override {
    if (progress.phase == phase_ && progress.done == 0 && !std::exchange(is_under_way_, true))
      Break();
  }
  void OnRetry(const Retry& /*retry*/) override {}
  void OnResume() override {}
  void OnPreview(int /*step*/, const RgbImage& /*picture*/) override {}

  bool is_under_way() const { return is_under_way_; }

 private:
  // A row that is not there: the kernel's own assertion ends the GPU's work.
  void Break() const {
    constexpr int64_t kSide = 4096;  // a product takes about 3 ms
    constexpr int64_t kRows = 4;
    const at::TensorOptions there(device_);
    const at::Tensor matrix = at::zeros({kSide, kSide}, there);
    for (int i = 0; i < products_; ++i)
      at::mm(matrix, matrix);
    at::index_select(at::zeros({kRows, 1}, there), 0, at::full({1}, kRows, there.dtype(at::kLong)));
  }

  const c10::Device device_;
  const Phase phase_;
  const int products_;
  bool is_under_way_ = false;
};

// Makes the video until the GPU breaks. INTERNAL, without GPU_FAULT: that was not noticed.
absl::Status MakeAndBreak(RuyiPipeline& pipeline, const VideoInput& video, Fault& fault) {
  DiscardFrames frames;
  const absl::Status status = Generate(pipeline, video, fault, frames).status();
  if (!fault.is_under_way())
    return absl::InternalError(absl::StrCat("the GPU was not broken: ", std::string(status.message())));
  return status.ok() ? absl::InternalError("the GPU was broken, and the video was made") : status;
}

absl::Status Expect(const absl::Status& status, const std::string& what) {
  if (GetErrorInfo(status).reason == reason::kGpuFault)
    return absl::OkStatus();
  return absl::InternalError(absl::StrCat(what, " gave no GPU_FAULT: ", status.ToString()));
}

absl::StatusOr<VideoInput> VideoToMake(const BenchOptions& options, const CostModel& costs) {
  if (options.modes.size() != 1 || options.shapes.size() != 1)
    return absl::InvalidArgumentError("a process can break the GPU once: use one --mode and one --shape");
  RUYI_ASSIGN_OR_RETURN(const BenchMode mode, ParseFullMode(options.modes.front()));
  RUYI_ASSIGN_OR_RETURN(const BenchShape shape, ParseShape(options.shapes.front()));
  VideoInput video = InputOf(shape, mode.is_guided, options.steps, costs.facts().geometry);
  video.spec.fp8 = options.fp8;
  video.placement.prediction = costs.Predict(video.spec, Within(costs.facts(), mode.memory()));
  return video;
}

}  // namespace

absl::Status BenchFault(const BenchOptions& options, Report& report) {
  const c10::Device device = options.placement.device;
  if (!device.is_cuda())
    return absl::FailedPreconditionError("a fault needs a GPU: use --device cuda");
  RUYI_ASSIGN_OR_RETURN(std::unique_ptr<RuyiPipeline> pipeline, OpenPipeline(options, std::nullopt));
  RUYI_ASSIGN_OR_RETURN(const VideoInput video, VideoToMake(options, *pipeline->costs()));
  DiscardProgress nobody;
  DiscardFrames frames;
  RUYI_RETURN_IF_ERROR(Generate(*pipeline, video, nobody, frames).status());  // what is set up later is set up now
  Fault fault(device, options.fault_phase, options.fault_lag);
  const absl::Status status = MakeAndBreak(*pipeline, video, fault);
  RUYI_RETURN_IF_ERROR(Expect(status, "the broken video"));
  RUYI_RETURN_IF_ERROR(Expect(Generate(*pipeline, video, nobody, frames).status(), "the video after it"));
  pipeline.reset();
  report.Add({.bench = "fault",
              .shape = options.shapes.front(),
              .mode = options.modes.front(),
              .note = std::string(status.message())});
  return absl::OkStatus();
}

}  // namespace ruyi::bench
