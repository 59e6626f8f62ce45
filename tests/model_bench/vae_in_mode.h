// Holds the ways of the autoencoder through a long clip that are compared with each other and with the reference,
// whatever the model's configuration says. Before it: a model folder. After it: vae_bench.cc. Functions without state.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "core/model/vae/vae.h"

namespace ruyi::bench {

// Loads the model's autoencoder with a configuration that names `mode` and what goes with it: in cache mode norms and
// the middle block's attention are over one frame, in the others over all frames of a chunk. The parameters have the
// same names and shapes. Errors: those of Vae::Load; UNAVAILABLE: no temporary folder for the configuration. Blocks on
// the disk.
absl::StatusOr<Vae> LoadVaeIn(VaeTemporalMode mode, const std::filesystem::path& model,
                              const TensorPlacement& placement);

// "slice", as ruyi-bench names the mode.
std::string NameOf(VaeTemporalMode mode);

// Returns true where a request decodes the frames around the seams of chunks once more and averages the two.
bool IsSmoothed(const VaeConfig& config);

// Returns what a result must state beside the type of the arithmetic: temporal_mode, norms, middle_attention.
std::map<std::string, std::string> ConfigurationOf(const VaeConfig& config);

}  // namespace ruyi::bench
