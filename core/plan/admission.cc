#include "core/plan/admission.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/duration_text.h"
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

// Returns the modes that are worth having where the host's memory counts too: of those that fit it, and of all.
std::vector<Prediction> ModesWorthHaving(const std::vector<Prediction>& predictions, int64_t host_bytes) {
  const auto fits_host = [&](const Prediction& mode) { return mode.host_bytes <= host_bytes; };
  std::vector<Prediction> fitting;
  std::copy_if(predictions.begin(), predictions.end(), std::back_inserter(fitting), fits_host);
  std::vector<Prediction> modes = Frontier(std::move(fitting));
  for (Prediction& mode : Frontier(predictions)) {
    if (!fits_host(mode))
      modes.push_back(std::move(mode));
  }
  std::stable_sort(modes.begin(), modes.end(), IsFaster);
  return modes;
}

bool FitsDevice(const Prediction& mode, const Admission& admission) {
  return mode.peak_bytes() <= admission.budget_bytes;
}

std::string HostReason(const Prediction& mode, const Admission& admission) {
  return absl::StrFormat("would take %d of %d MiB of the host's memory", MibOf(mode.host_bytes),
                         MibOf(admission.host_budget_bytes));
}

ModeEstimate EstimateOf(Prediction prediction, const Admission& admission) {
  ModeEstimate estimate = {.prediction = std::move(prediction)};
  const Prediction& mode = estimate.prediction;
  estimate.fits_host = mode.host_bytes <= admission.host_budget_bytes;
  estimate.fits = estimate.fits_host && FitsDevice(mode, admission);
  if (!estimate.fits_host && FitsDevice(mode, admission)) {
    estimate.reason = HostReason(mode, admission);
    return estimate;
  }
  estimate.reason =
      absl::StrFormat("%s %d of %d MiB, in %s", estimate.fits ? "takes" : "would take", MibOf(mode.peak_bytes()),
                      MibOf(admission.budget_bytes), std::string(NameOf(mode.largest())));
  if (!estimate.fits_host)
    absl::StrAppend(&estimate.reason, ", and ", HostReason(mode, admission));
  return estimate;
}

// Adds what the change to the prediction's mode takes.
void AddChange(const CostModel& costs, const PlacedModel& now, const VideoSpec& spec, Prediction& prediction) {
  prediction.Of(Stage::kLoad).seconds = costs.ChangeSeconds(now, spec, prediction.mode);
}

// Returns which of the modes that fit the policy asks for.
std::optional<size_t> Choose(const std::vector<ModeEstimate>& modes, MemoryPolicy policy) {
  if (policy == MemoryPolicy::kFastest)
    return modes.front().fits ? std::optional<size_t>(0) : std::nullopt;
  const auto fits = [](const ModeEstimate& mode) { return mode.fits; };
  if (policy == MemoryPolicy::kSmallest) {
    const auto last = std::find_if(modes.rbegin(), modes.rend(), fits);
    return last == modes.rend() ? std::nullopt : std::optional<size_t>(modes.rend() - last - 1);
  }
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

bool AnyFits(const Admission& admission) {
  return std::any_of(admission.modes.begin(), admission.modes.end(),
                     [](const ModeEstimate& mode) { return mode.fits; });
}

// Returns true when the device has the memory for the mode, and the host has not.
bool LacksOnlyHost(const ModeEstimate& mode, const Admission& admission) {
  return !mode.fits_host && FitsDevice(mode.prediction, admission);
}

// Returns the mode whose failing says why none was chosen: of those that lack nothing but the host's memory, the one
// that takes least of it; the first mode where the policy wants that one; null where the device is too small.
const ModeEstimate* NearestOnHost(const Admission& admission) {
  if (AnyFits(admission))
    return LacksOnlyHost(admission.modes.front(), admission) ? &admission.modes.front() : nullptr;
  const ModeEstimate* nearest = nullptr;
  for (const ModeEstimate& mode : admission.modes) {
    const bool is_less = nearest == nullptr || mode.prediction.host_bytes < nearest->prediction.host_bytes;
    if (LacksOnlyHost(mode, admission) && is_less)
      nearest = &mode;
  }
  return nearest;
}

// Returns what a caller can do when no mode was chosen.
std::string AdviceFor(const Admission& admission, const ModeEstimate* nearest_on_host) {
  if (AnyFits(admission))
    return "leave the policy out, for a slower mode that does";
  if (nearest_on_host == nullptr) {
    const ModeEstimate& smallest = admission.modes.back();
    return absl::StrFormat(
        "the smallest one (%s) %s: ask for fewer frames or a lower resolution, turn vae_tiling on where decoding or "
        "encoding is what takes it, or raise the budget",
        NameOf(smallest.prediction.mode), smallest.reason);
  }
  return absl::StrFormat(
      "the one that takes least of the host's memory (%s) %s: ask for fewer frames or a lower resolution, raise "
      "max_host_mib, or give the server more memory on its host",
      NameOf(nearest_on_host->prediction.mode), nearest_on_host->reason);
}

// Fills in the modes that are worth having, and which of them the policy takes.
void ChooseAmong(const std::vector<Prediction>& predictions, MemoryPolicy policy, Admission& admission) {
  for (Prediction& prediction : ModesWorthHaving(predictions, admission.host_budget_bytes))
    admission.modes.push_back(EstimateOf(std::move(prediction), admission));
  admission.chosen = Choose(admission.modes, policy);
  admission.reason = ReasonOf(admission, policy);
}

// Says why another mode was chosen than `faster`, which makes the video sooner once the model lies as it wants.
std::string ReasonAgainst(const Prediction& faster, const ModeEstimate& chosen) {
  const auto change = [](const Prediction& mode) { return mode.Of(Stage::kLoad).seconds; };
  const double cost = change(faster) - change(chosen.prediction);
  const double slower = faster.seconds() - chosen.prediction.seconds();
  return absl::StrFormat("the fastest mode that fits, %s: it %s; %s would take %s more for the change and save %s",
                         change(chosen.prediction) > 0 ? "with the change to it" : "already in place", chosen.reason,
                         NameOf(faster.mode), DurationText(absl::Seconds(cost)),
                         DurationText(absl::Seconds(cost - slower)));
}

// Lets the changes count in the choice. They make no other mode fit: one is chosen here if one is in `in_place`.
Admission AdmitWithChanges(const CostModel& costs, const PlacedModel& now, const VideoSpec& spec,
                           std::vector<Prediction> predictions, const Admission& in_place) {
  for (Prediction& prediction : predictions)
    AddChange(costs, now, spec, prediction);
  Admission admission = {.budget_bytes = in_place.budget_bytes, .host_budget_bytes = in_place.host_budget_bytes};
  ChooseAmong(predictions, MemoryPolicy::kAuto, admission);
  if (!admission.chosen.has_value())
    return admission;
  const ModeEstimate& chosen = admission.modes[*admission.chosen];
  const MemoryMode& fastest = in_place.modes[*in_place.chosen].prediction.mode;
  const auto faster = std::find_if(predictions.begin(), predictions.end(),
                                   [&](const Prediction& prediction) { return prediction.mode == fastest; });
  if (chosen.prediction.mode != fastest)
    admission.reason = ReasonAgainst(*faster, chosen);
  return admission;
}

// All modes are predicted from what had been learnt at one moment.
Admission AdmitTo(const std::vector<MemoryMode>& modes, const CostModel& learning, const VideoSpec& spec,
                  const MemoryBudget& budget) {
  const CostModel costs = learning.Frozen();
  const MemorySettings& settings = spec.memory;
  Admission admission = {.budget_bytes = budget.device_bytes, .host_budget_bytes = budget.host_bytes};
  if (settings.max_vram_mib.has_value())
    admission.budget_bytes = std::min(admission.budget_bytes, BytesOfMib(*settings.max_vram_mib));
  if (settings.max_host_mib.has_value())
    admission.host_budget_bytes = std::min(admission.host_budget_bytes, BytesOfMib(*settings.max_host_mib));
  std::vector<Prediction> predictions;
  for (const MemoryMode& mode : modes)
    predictions.push_back(costs.Predict(spec, mode));
  ChooseAmong(predictions, settings.policy, admission);
  if (settings.policy == MemoryPolicy::kAuto)
    return AdmitWithChanges(costs, budget.placed, spec, std::move(predictions), admission);
  for (ModeEstimate& mode : admission.modes)
    AddChange(costs, budget.placed, spec, mode.prediction);
  return admission;
}

}  // namespace

Admission Admit(const CostModel& costs, const VideoSpec& spec, const MemoryBudget& budget) {
  return AdmitTo(AllowedModes(costs, spec), costs, spec, budget);
}

Placement PlacementOf(const Admission& admission) {
  Placement placement = {
      .prediction = {}, .fallbacks = {}, .budget_bytes = admission.budget_bytes, .reason = admission.reason};
  if (!admission.chosen.has_value())
    return placement;
  placement.prediction = admission.modes[*admission.chosen].prediction;
  for (size_t i = *admission.chosen + 1; i < admission.modes.size(); ++i) {
    if (admission.modes[i].fits_host)
      placement.fallbacks.push_back(admission.modes[i].prediction);
  }
  return placement;
}

absl::StatusOr<Placement> Place(const CostModel& costs, const VideoSpec& spec, const MemoryBudget& available) {
  const Admission admission = Admit(costs, spec, available);
  if (!admission.chosen.has_value())
    return NothingFits(admission);
  return PlacementOf(admission);
}

absl::StatusOr<Placement> PlaceAgain(const CostModel& costs, const VideoSpec& spec, const MemoryBudget& available,
                                     const MemoryMode& before) {
  std::vector<MemoryMode> modes = AllowedModes(costs, spec);
  std::erase_if(modes,
                [&](const MemoryMode& mode) { return mode.autoencoder_in_slabs != before.autoencoder_in_slabs; });
  if (!modes.empty()) {
    const Admission admission = AdmitTo(modes, costs, spec, available);
    if (admission.chosen.has_value())
      return PlacementOf(admission);
  }
  return Place(costs, spec, available);
}

absl::Status NothingFits(const Admission& admission) {
  const ModeEstimate* const nearest_on_host = NearestOnHost(admission);
  ErrorInfo info = {.reason = std::string(nearest_on_host == nullptr ? reason::kVramBudget : reason::kHostMemory)};
  if (nearest_on_host != nullptr)
    info.metadata["host_budget_mib"] = absl::StrCat(MibOf(admission.host_budget_bytes));
  else
    info.metadata["budget_mib"] = absl::StrCat(MibOf(admission.budget_bytes));
  for (const ModeEstimate& mode : admission.modes) {
    if (!mode.fits)
      info.unmet_preconditions.push_back({.subject = NameOf(mode.prediction.mode), .description = mode.reason});
  }
  return WithErrorInfo(
      absl::FailedPreconditionError(absl::StrCat(admission.reason, "; ", AdviceFor(admission, nearest_on_host))), info);
}

}  // namespace ruyi
