#include "tests/support/fake_pipeline.h"

#include "absl/algorithm/container.h"
#include "core/base/status_macros.h"
#include "tests/support/grey_image.h"

namespace ruyi {

absl::Status FakePipeline::Generate(const GenerationPlan& plan, const CancellationToken& token, ProgressSink& progress,
                                    FrameSink& frames) {
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
