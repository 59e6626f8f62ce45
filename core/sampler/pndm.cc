#include "core/sampler/pndm.h"

#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr int kStages = 4;  // of a Runge-Kutta step
constexpr int kRungeKuttaSteps = 3;
constexpr int kRungeKuttaCalls = kStages * kRungeKuttaSteps;
constexpr size_t kOrder = 4;

// A Runge-Kutta step asks at its beginning, twice half a stride further on, and at its end, where the next one begins.
std::vector<double> RungeKuttaTimesteps(const std::vector<double>& steps, int half_stride) {
  std::vector<double> timesteps;
  for (int step = 0; step < kRungeKuttaSteps; ++step) {
    const double middle = steps[step + 1] + half_stride;
    timesteps.insert(timesteps.end(), {steps[step], middle, middle, steps[step + 1]});
  }
  return timesteps;
}

std::string AnswerName(size_t index) {
  return absl::StrFormat("answers.%d", index);
}

// Returns how many answers are kept before call `call`: the first of each Runge-Kutta step, then every one, the last
// four.
size_t AnswersBefore(int call) {
  const int steps_begun =
      call < kRungeKuttaCalls ? (call + kStages - 1) / kStages : kRungeKuttaSteps + call - kRungeKuttaCalls;
  return std::min(kOrder, static_cast<size_t>(steps_begun));
}

}  // namespace

absl::StatusOr<std::unique_ptr<PndmSampler>> PndmSampler::Create(const SamplerConfig& config, int steps) {
  RUYI_RETURN_IF_ERROR(CheckSteps(config, steps));
  if (steps < kMinSteps)
    return absl::InvalidArgumentError(absl::StrFormat("PNDM takes at least %d steps", kMinSteps));
  const std::vector<double> grid =
      Rounded(SpacedTimesteps({.spacing = config.spacing.value_or(TimestepSpacing::kLeading),
                               .train_timesteps = config.schedule.train_timesteps,
                               .steps = steps,
                               .offset = config.steps_offset}));
  const int stride = config.schedule.train_timesteps / steps;
  std::vector<double> timesteps = RungeKuttaTimesteps(grid, stride / 2);
  timesteps.insert(timesteps.end(), grid.begin() + kRungeKuttaSteps, grid.end());
  RUYI_RETURN_IF_ERROR(CheckTimesteps(config, timesteps));
  return std::unique_ptr<PndmSampler>(new PndmSampler(config, stride, std::move(timesteps)));
}

PndmSampler::PndmSampler(const SamplerConfig& config, int stride, std::vector<double> timesteps)
    : config_(config), schedule_(config.schedule), stride_(stride), timesteps_(std::move(timesteps)) {}

at::Tensor PndmSampler::ScaleInput(const at::Tensor& latents, int /*call*/) const {
  return latents;
}

absl::StatusOr<at::Tensor> PndmSampler::Step(const at::Tensor& model_output, int call, const at::Tensor& latents) {
  return call < kRungeKuttaCalls ? RungeKuttaStep(model_output, call, latents)
                                 : MultistepStep(model_output, call, latents);
}

at::Tensor PndmSampler::RungeKuttaStep(const at::Tensor& model_output, int call, const at::Tensor& latents) {
  const int stage = call % kStages;
  const bool at_ends = stage == 0 || stage == kStages - 1;
  const at::Tensor weighted = model_output * (at_ends ? 1.0 / 6 : 1.0 / 3);
  if (stage == 0) {
    answers_.push_back(model_output);
    start_ = latents;
    sum_ = weighted;
  } else {
    sum_ = sum_ + weighted;
  }
  const auto from = static_cast<int64_t>(timesteps_[call - stage]);
  const auto to = static_cast<int64_t>(timesteps_[call]) - (call % 2 == 0 ? stride_ / 2 : 0);
  const at::Tensor transferred = Transfer(start_, stage == kStages - 1 ? sum_ : model_output, from, to);
  if (stage == kStages - 1) {
    start_ = at::Tensor();
    sum_ = at::Tensor();
  }
  return transferred;
}

at::Tensor PndmSampler::MultistepStep(const at::Tensor& model_output, int call, const at::Tensor& latents) {
  answers_.push_back(model_output);
  if (answers_.size() > kOrder)
    answers_.pop_front();
  const at::Tensor combined = (answers_[3] * 55 - answers_[2] * 59 + answers_[1] * 37 - answers_[0] * 9) * (1.0 / 24);
  const auto from = static_cast<int64_t>(timesteps_[call]);
  return Transfer(latents, combined, from, from - stride_);
}

TensorState PndmSampler::Save() const {
  TensorState state;
  if (start_.defined()) {
    state.Put("start", start_);
    state.Put("sum", sum_);
  }
  for (size_t i = 0; i < answers_.size(); ++i)
    state.Put(AnswerName(i), answers_[i]);
  return state;
}

absl::Status PndmSampler::Restore(const TensorState& state, int call, const at::Tensor& latents) {
  const bool within_step = call < kRungeKuttaCalls && call % kStages != 0;
  const size_t answer_count = AnswersBefore(call);
  RUYI_RETURN_IF_ERROR(state.CheckCount(answer_count + (within_step ? 2 : 0)));
  at::Tensor start;
  at::Tensor sum;
  if (within_step) {
    RUYI_ASSIGN_OR_RETURN(start, state.GetLike("start", latents));
    RUYI_ASSIGN_OR_RETURN(sum, state.GetLike("sum", latents));
  }
  std::deque<at::Tensor> answers;
  for (size_t i = 0; i < answer_count; ++i) {
    RUYI_ASSIGN_OR_RETURN(answers.emplace_back(), state.GetLike(AnswerName(i), latents));
  }
  start_ = start;
  sum_ = sum;
  answers_ = std::move(answers);
  return absl::OkStatus();
}

float PndmSampler::AlphaAt(int64_t timestep) const {
  if (timestep >= 0)
    return schedule_.alphas_cumprod()[timestep];
  return config_.set_alpha_to_one.value_or(false) ? 1.0f : schedule_.alphas_cumprod().front();
}

// Formula (9): the latents at `to`, if the model's answer held all the way from `from`.
at::Tensor PndmSampler::Transfer(const at::Tensor& latents, const at::Tensor& model_output, int64_t from,
                                 int64_t to) const {
  const float alpha = AlphaAt(from);
  const float alpha_to = AlphaAt(to);
  const float beta = 1.0f - alpha;
  const float beta_to = 1.0f - alpha_to;
  const at::Tensor epsilon = config_.prediction == PredictionType::kEpsilon
                                 ? model_output
                                 : model_output * std::sqrt(alpha) + latents * std::sqrt(beta);
  const float denominator = alpha * std::sqrt(beta_to) + std::sqrt(alpha * beta * alpha_to);
  return latents * std::sqrt(alpha_to / alpha) - epsilon * (alpha_to - alpha) / denominator;
}

}  // namespace ruyi
