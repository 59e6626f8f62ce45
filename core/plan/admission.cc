#include "core/plan/admission.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

// The modes of the cost model, with what the caller has fixed.
std::vector<MemoryMode> AllowedModes(const CostModel& costs, const VideoSpec& spec) {
  const ModelFacts& facts = costs.facts();
  std::vector<MemoryMode> allowed;
  for (MemoryMode mode : costs.Modes(spec)) {
    mode.resident_blocks = std::min(spec.memory.resident_blocks.value_or(mode.resident_blocks), facts.blocks);
    mode.resident_states = std::min(spec.memory.resident_states.value_or(mode.resident_states), facts.states);
    if (std::find(allowed.begin(), allowed.end(), mode) == allowed.end())
      allowed.push_back(mode);
  }
  return allowed;
}

bool IsFaster(const Prediction& a, const Prediction& b) {
  return std::pair(a.seconds(), a.peak_bytes()) < std::pair(b.seconds(), b.peak_bytes());
}

// Returns the modes that are worth having, fastest first: each takes less memory than all that are faster. Of equal
// modes it keeps the first.
std::vector<Prediction> Frontier(std::vector<Prediction> predictions) {
  std::stable_sort(predictions.begin(), predictions.end(), IsFaster);
  std::vector<Prediction> frontier;
  for (Prediction& prediction : predictions) {
    if (frontier.empty() || prediction.peak_bytes() < frontier.back().peak_bytes())
      frontier.push_back(std::move(prediction));
  }
  return frontier;
}

ModeEstimate EstimateOf(Prediction prediction, int64_t budget_bytes) {
  const bool fits = prediction.peak_bytes() <= budget_bytes;
  std::string reason =
      absl::StrFormat("%s %d of %d MiB, in %s", fits ? "takes" : "would take", MibOf(prediction.peak_bytes()),
                      MibOf(budget_bytes), std::string(NameOf(prediction.largest())));
  return {.prediction = std::move(prediction), .fits = fits, .reason = std::move(reason)};
}

// Returns which of the modes that fit the policy asks for.
std::optional<size_t> Choose(const std::vector<ModeEstimate>& modes, MemoryPolicy policy) {
  if (policy == MemoryPolicy::kFastest)
    return modes.front().fits ? std::optional<size_t>(0) : std::nullopt;
  const auto fits = [](const ModeEstimate& mode) { return mode.fits; };
  if (policy == MemoryPolicy::kSmallest)
    return modes.back().fits ? std::optional(modes.size() - 1) : std::nullopt;
  const auto found = std::find_if(modes.begin(), modes.end(), fits);
  return found == modes.end() ? std::nullopt : std::optional<size_t>(found - modes.begin());
}

std::string ReasonOf(const Admission& admission, MemoryPolicy policy) {
  if (!admission.chosen.has_value())
    return policy == MemoryPolicy::kFastest ? "the fastest mode does not fit" : "no memory mode fits";
  const ModeEstimate& chosen = admission.modes[*admission.chosen];
  if (policy == MemoryPolicy::kSmallest)
    return absl::StrCat("the smallest mode, as asked for: it ", chosen.reason);
  if (*admission.chosen == 0)
    return absl::StrCat("the fastest mode fits: it ", chosen.reason);
  const ModeEstimate& faster = admission.modes[*admission.chosen - 1];
  return absl::StrFormat("the fastest mode that fits: it %s; the next faster one (%s) %s", chosen.reason,
                         NameOf(faster.prediction.mode), faster.reason);
}

// Returns what a caller can do when no mode was chosen.
std::string AdviceFor(const Admission& admission) {
  const ModeEstimate& smallest = admission.modes.back();
  if (smallest.fits)
    return "leave the policy out, for a slower mode that does";
  return absl::StrFormat(
      "the smallest one (%s) %s: ask for fewer frames or a lower resolution, turn vae_tiling on where decoding or "
      "encoding is what takes it, or raise the budget",
      NameOf(smallest.prediction.mode), smallest.reason);
}

}  // namespace

Admission Admit(const CostModel& costs, const VideoSpec& spec, int64_t budget_bytes) {
  const MemorySettings& settings = spec.memory;
  Admission admission = {.budget_bytes = budget_bytes};
  if (settings.max_vram_mib.has_value())
    admission.budget_bytes = std::min(budget_bytes, BytesOfMib(*settings.max_vram_mib));
  std::vector<Prediction> predictions;
  for (const MemoryMode& mode : AllowedModes(costs, spec))
    predictions.push_back(costs.Predict(spec, mode));
  for (Prediction& prediction : Frontier(std::move(predictions)))
    admission.modes.push_back(EstimateOf(std::move(prediction), admission.budget_bytes));
  admission.chosen = Choose(admission.modes, settings.policy);
  admission.reason = ReasonOf(admission, settings.policy);
  return admission;
}

Placement PlacementOf(const Admission& admission) {
  Placement placement = {
      .prediction = {}, .fallbacks = {}, .budget_bytes = admission.budget_bytes, .reason = admission.reason};
  if (!admission.chosen.has_value())
    return placement;
  placement.prediction = admission.modes[*admission.chosen].prediction;
  for (size_t i = *admission.chosen + 1; i < admission.modes.size(); ++i)
    placement.fallbacks.push_back(admission.modes[i].prediction);
  return placement;
}

absl::StatusOr<Placement> Place(const CostModel& costs, const VideoSpec& spec, int64_t available_bytes) {
  const Admission admission = Admit(costs, spec, available_bytes);
  if (!admission.chosen.has_value())
    return NothingFits(admission);
  return PlacementOf(admission);
}

absl::Status NothingFits(const Admission& admission) {
  ErrorInfo info = {.reason = std::string(reason::kVramBudget),
                    .metadata = {{"budget_mib", absl::StrCat(MibOf(admission.budget_bytes))}}};
  for (const ModeEstimate& mode : admission.modes) {
    if (!mode.fits)
      info.unmet_preconditions.push_back({.subject = NameOf(mode.prediction.mode), .description = mode.reason});
  }
  return WithErrorInfo(absl::FailedPreconditionError(absl::StrCat(admission.reason, "; ", AdviceFor(admission))), info);
}

}  // namespace ruyi
