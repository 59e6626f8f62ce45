#include "tests/support/fake_pipeline.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/pipeline/step_down.h"
#include "tests/support/grey_image.h"

namespace ruyi {
namespace {

// Returns the beginning of a state. A state belongs to one video, as that of a real pipeline does.
std::string StatePrefix(const VideoSpec& spec) {
  return absl::StrCat("seed ", spec.seed, " step ");
}

// The step of a state; 0 where there is none.
absl::StatusOr<int> StepOf(std::string_view state, const VideoSpec& spec) {
  if (state.empty())
    return 0;
  absl::string_view text(state.data(), state.size());
  int step = 0;
  if (!absl::ConsumePrefix(&text, StatePrefix(spec)) || !absl::SimpleAtoi(text, &step) || step < 1 || step > spec.steps)
    return absl::DataLossError(absl::StrCat("'", absl::string_view(state.data(), state.size()),
                                            "' is no state of this video; run it from its beginning"));
  return step;
}

// After `step` denoising steps: what the spec and the sink of checkpoints want to have then.
absl::Status TellOf(int step, const VideoSpec& spec, RunControl& control) {
  if (spec.preview.has_value() && step % spec.preview->every_steps == 0) {
    const int width = spec.preview->width;
    control.progress.OnPreview(step, GreyImage({.width = width, .height = width * spec.size.height / spec.size.width}));
  }
  return control.checkpoints.IsWanted()
             ? control.checkpoints.OnCheckpoint({.step = step, .state = absl::StrCat(StatePrefix(spec), step)})
             : absl::OkStatus();
}

}  // namespace

RgbImage FakeFrame(const VideoSpec& spec, int frame) {
  RgbImage image = GreyImage(spec.size);
  const auto shade = static_cast<uint8_t>(31 * spec.seed + 7 * static_cast<uint64_t>(frame));
  image.pixels.assign(image.pixels.size(), shade);
  return image;
}

absl::StatusOr<GenerationReport> FakePipeline::Generate(const VideoSpec& spec, const Placement& placement,
                                                        RunControl& control) {
  RUYI_ASSIGN_OR_RETURN(const int first_step, StepOf(control.resume_from, spec));
  if (!control.resume_from.empty())
    control.progress.OnResume();
  int attempts = 0;
  const auto attempt = [&](const Prediction& mode, FrameSink& sink) -> absl::StatusOr<StageCosts> {
    if (attempts++ < options_.out_of_memory)
      return ErrorWithReason(absl::StatusCode::kResourceExhausted, "making a video: out of memory",
                             reason::kGpuOutOfMemory);
    RUYI_RETURN_IF_ERROR(Attempt(spec, first_step, control, sink));
    return mode.stages;
  };
  return GenerateWithStepDown(
      placement, {.attempt = attempt, .available_bytes = [this] { return AvailableMemory().device_bytes; }},
      control.progress, control.frames);
}

absl::Status FakePipeline::Attempt(const VideoSpec& spec, int first_step, RunControl& control,
                                   FrameSink& frames) const {
  const Progress conditioning = {.phase = Phase::kConditioning, .total = options_.encoder_chunks};
  RUYI_RETURN_IF_ERROR(RunPhase(conditioning, control, [](int) { return absl::OkStatus(); }));
  const Progress denoising = {.phase = Phase::kDenoising, .done = first_step, .total = spec.steps};
  RUYI_RETURN_IF_ERROR(RunPhase(denoising, control, [&](int done) { return TellOf(done + 1, spec, control); }));
  RUYI_RETURN_IF_ERROR(options_.fail_with);
  const Progress decoding = {.phase = Phase::kDecoding, .total = spec.frame_count};
  return RunPhase(decoding, control, [&](int done) { return frames.OnFrame(FakeFrame(spec, done)); });
}

absl::Status FakePipeline::RunPhase(Progress at, RunControl& control,
                                    const std::function<absl::Status(int done)>& do_unit) const {
  control.progress.OnProgress(at);
  while (at.done < at.total) {
    options_.at_boundary(at.phase, at.done);
    RUYI_RETURN_IF_ERROR(control.token.Check());
    RUYI_RETURN_IF_ERROR(do_unit(at.done));
    ++at.done;
    if (at.phase == Phase::kDenoising && absl::c_linear_search(options_.skipped_steps, at.done))
      at.skipped_steps.push_back(at.done);
    control.progress.OnProgress(at);
  }
  return absl::OkStatus();
}

}  // namespace ruyi
