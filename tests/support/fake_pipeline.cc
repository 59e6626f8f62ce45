#include "tests/support/fake_pipeline.h"

#include "absl/algorithm/container.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/pipeline/step_down.h"
#include "tests/support/grey_image.h"

namespace ruyi {

absl::StatusOr<GenerationReport> FakePipeline::Generate(const GenerationPlan& plan, const CancellationToken& token,
                                                        ProgressSink& progress, FrameSink& frames) {
  int attempts = 0;
  const auto attempt = [&](const Prediction& mode, FrameSink& sink) -> absl::StatusOr<StageCosts> {
    if (attempts++ < options_.out_of_memory)
      return ErrorWithReason(absl::StatusCode::kResourceExhausted, "making a video: out of memory",
                             reason::kGpuOutOfMemory);
    RUYI_RETURN_IF_ERROR(Attempt(plan, token, progress, sink));
    return mode.stages;
  };
  return GenerateWithStepDown(plan, {.attempt = attempt, .available_bytes = options_.available_bytes}, progress,
                              frames);
}

absl::Status FakePipeline::Attempt(const GenerationPlan& plan, const CancellationToken& token, ProgressSink& progress,
                                   FrameSink& frames) const {
  const auto do_nothing = [] { return absl::OkStatus(); };
  const Progress conditioning = {.phase = Phase::kConditioning, .total = options_.encoder_chunks};
  RUYI_RETURN_IF_ERROR(RunPhase(conditioning, token, progress, do_nothing));
  const Progress denoising = {.phase = Phase::kDenoising, .total = plan.steps};
  RUYI_RETURN_IF_ERROR(RunPhase(denoising, token, progress, do_nothing));
  RUYI_RETURN_IF_ERROR(options_.fail_with);
  const RgbImage frame = GreyImage(plan.size);
  const Progress decoding = {.phase = Phase::kDecoding, .total = plan.frame_count};
  return RunPhase(decoding, token, progress, [&] { return frames.OnFrame(frame); });
}

absl::Status FakePipeline::RunPhase(Progress at, const CancellationToken& token, ProgressSink& progress,
                                    const std::function<absl::Status()>& do_unit) const {
  progress.OnProgress(at);
  while (at.done < at.total) {
    options_.at_boundary(at.phase, at.done);
    RUYI_RETURN_IF_ERROR(token.Check());
    RUYI_RETURN_IF_ERROR(do_unit());
    ++at.done;
    if (at.phase == Phase::kDenoising && absl::c_linear_search(options_.skipped_steps, at.done))
      at.skipped_steps.push_back(at.done);
    progress.OnProgress(at);
  }
  return absl::OkStatus();
}

}  // namespace ruyi
