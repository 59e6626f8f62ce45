// Kind scheduler: the sampler alone. in.noise, in.model_outputs [calls, ...] → out.timesteps [calls],
// out.init_noise_sigma, out.scaled_inputs [calls, ...], out.latents [calls, ...].
#include <ATen/TensorOperators.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/pipeline/ruyi/make_sampler.h"
#include "tests/golden/case_registry.h"
#include "tests/golden/injected_noise.h"
#include "tests/golden/sampler_kind.h"

namespace ruyi::golden {
namespace {

absl::StatusOr<std::unique_ptr<Sampler>> ReadSampler(const nlohmann::json& params, NoiseSource& noise) {
  RUYI_ASSIGN_OR_RETURN(const SamplerKind kind, ReadSamplerKind(params));
  if (!HasValue(params, "config"))
    return absl::FailedPreconditionError("'config' is missing");
  RUYI_ASSIGN_OR_RETURN(const SamplerConfig config, ParseSamplerConfig(params["config"]));
  RUYI_ASSIGN_OR_RETURN(const int64_t steps, GetInt(params, "steps"));
  return MakeSampler(kind, config, static_cast<int>(steps), noise);
}

// Every call of the sampler on the given model outputs.
absl::StatusOr<NamedTensors> Walk(Sampler& sampler, const at::Tensor& noise, const at::Tensor& model_outputs) {
  at::Tensor latents = noise * sampler.initial_noise_scale();
  std::vector<at::Tensor> scaled_inputs;
  std::vector<at::Tensor> steps;
  for (int call = 0; call < model_outputs.size(0); ++call) {
    scaled_inputs.push_back(sampler.ScaleInput(latents, call));
    RUYI_ASSIGN_OR_RETURN(latents, sampler.Step(model_outputs[call], call, latents));
    steps.push_back(latents);
  }
  return NamedTensors{{"out.timesteps", at::tensor(sampler.timesteps(), at::kDouble)},
                      {"out.init_noise_sigma", at::scalar_tensor(sampler.initial_noise_scale(), at::kDouble)},
                      {"out.scaled_inputs", at::stack(scaled_inputs)},
                      {"out.latents", at::stack(steps)}};
}

}  // namespace

absl::StatusOr<std::vector<CaseOutput>> RunSchedulerCase(const CaseInput& input) {
  RUYI_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(input.golden.file));
  RUYI_ASSIGN_OR_RETURN(InjectedNoise step_noise, InjectedNoise::Read(file));
  RUYI_ASSIGN_OR_RETURN(const std::unique_ptr<Sampler> sampler, ReadSampler(input.golden.params, step_noise));
  RUYI_ASSIGN_OR_RETURN(const at::Tensor noise, Input(input, file, "in.noise"));
  RUYI_ASSIGN_OR_RETURN(const at::Tensor model_outputs, Input(input, file, "in.model_outputs"));
  if (model_outputs.size(0) != static_cast<int64_t>(sampler->timesteps().size())) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%d model outputs for %d calls", model_outputs.size(0), sampler->timesteps().size()));
  }
  RUYI_ASSIGN_OR_RETURN(const NamedTensors ours, Walk(*sampler, noise, model_outputs));
  return PairOutputs(input, file, ours);
}

}  // namespace ruyi::golden
