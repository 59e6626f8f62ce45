// Kind transformer: one forward of the DiT. Inputs in.*, output out.sample [B, out_channels, f, h, w].
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/complex.h>

#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/lora/lora_file.h"
#include "core/model/dit/dit.h"
#include "core/quant/fp8.h"
#include "tests/golden/case_registry.h"
#include "tests/golden/fp8_settings.h"

namespace ruyi::golden {
namespace {

// Reads the inputs of a case by name; the first that is missing is what `status` says.
class Inputs {
 public:
  Inputs(const CaseInput& input, const SafetensorsFile& file) : input_(input), file_(file) {}

  at::Tensor Get(std::string_view name) {
    absl::StatusOr<at::Tensor> tensor = Input(input_, file_, name);
    if (!tensor.ok()) {
      status_.Update(tensor.status());
      return {};
    }
    return *std::move(tensor);
  }

  // Returns a tensor that the model need not have.
  at::Tensor GetIf(bool wanted, std::string_view name) { return wanted ? Get(name) : at::Tensor(); }

  const absl::Status& status() const { return status_; }

 private:
  const CaseInput& input_;
  const SafetensorsFile& file_;
  absl::Status status_;
};

// The table stores each pair's cosine and sine twice.
at::Tensor ReadRotary(Inputs& inputs) {
  const at::Tensor cosines = inputs.Get("in.rope_cos");
  const at::Tensor sines = inputs.Get("in.rope_sin");
  if (!inputs.status().ok())
    return {};
  const auto first_of_pairs = [](const at::Tensor& x) { return x.to(at::kFloat).unflatten(-1, {-1, 2}).select(-1, 0); };
  return at::complex(first_of_pairs(cosines).contiguous(), first_of_pairs(sines).contiguous());
}

// Returns the rule that `params`.fp8 asks for; an empty rule where it is null.
absl::StatusOr<StorageRule> ReadFp8(const CaseInput& input) {
  if (!HasValue(input.golden.params, "fp8"))
    return StorageRule();
  RUYI_ASSIGN_OR_RETURN(const Fp8Settings settings, ReadFp8Settings(input.golden.params["fp8"]));
  return Fp8Rule(settings);
}

// Returns `dit` with the LoRA of `params`, where there is one.
absl::StatusOr<Dit> WithLora(const CaseInput& input, Dit dit) {
  if (!HasValue(input.golden.params, "lora"))
    return dit;
  const nlohmann::json& params = input.golden.params["lora"];
  RUYI_ASSIGN_OR_RETURN(const std::string path, GetString(params, "path"));
  RUYI_ASSIGN_OR_RETURN(const double weight, GetDouble(params, "weight"));
  RUYI_ASSIGN_OR_RETURN(const LoraFile file, LoraFile::Open(input.folder / path));
  RUYI_ASSIGN_OR_RETURN(LayerUpdates updates, file.Updates(dit.linear_layers(), weight));
  DitSettings settings = dit.settings();
  settings.updates = std::move(updates);
  return dit.With(settings);
}

absl::StatusOr<Dit> LoadDit(const CaseInput& input) {
  RUYI_ASSIGN_OR_RETURN(const StorageRule rule, ReadFp8(input));
  RUYI_ASSIGN_OR_RETURN(Dit dit, Dit::Load(input.golden.model / "transformer", input.placement, rule, nullptr));
  return WithLora(input, std::move(dit));
}

}  // namespace

absl::StatusOr<std::vector<CaseOutput>> RunTransformerCase(const CaseInput& input) {
  RUYI_ASSIGN_OR_RETURN(const Dit dit, LoadDit(input));
  RUYI_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(input.golden.file));
  Inputs inputs(input, file);
  const bool has_clip = dit.config().has_clip;
  const DitConditions conditions = {.text = inputs.Get("in.text"),
                                    .text_mask = inputs.Get("in.text_mask"),
                                    .t5 = inputs.Get("in.t5"),
                                    .t5_mask = inputs.Get("in.t5_mask"),
                                    .sizes = inputs.Get("in.image_meta_size"),
                                    .clip_tokens = inputs.GetIf(has_clip, "in.clip_hidden"),
                                    .clip_mask = inputs.GetIf(has_clip, "in.clip_mask")};
  const at::Tensor latents = inputs.Get("in.latents");
  const at::Tensor inpaint = inputs.GetIf(has_clip, "in.inpaint_latents");
  RUYI_ASSIGN_OR_RETURN(const at::Tensor timesteps, file.Get("in.timestep"));
  const at::Tensor rotary = ReadRotary(inputs);
  RUYI_RETURN_IF_ERROR(inputs.status());
  const DitContext context =
      dit.Prepare(conditions, {.timesteps = timesteps.unsqueeze(0), .rotary = rotary, .frames = latents.size(2)});
  const at::Tensor whole = has_clip ? at::cat({latents, inpaint}, 1) : latents;
  DitStep step;
  if (HasValue(input.golden.params, "enhance_a_video_weight")) {
    RUYI_ASSIGN_OR_RETURN(step.enhance_weight, GetDouble(input.golden.params, "enhance_a_video_weight"));
  }
  return PairOutputs(input, file, {{"out.sample", dit.Forward(whole, context, step)}});
}

}  // namespace ruyi::golden
