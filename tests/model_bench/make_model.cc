#include "tests/model_bench/make_model.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "tests/model_bench/safetensors_writer.h"

namespace ruyi::bench {
namespace {

using nlohmann::json;
using Values = std::vector<uint16_t>;  // bfloat16

constexpr int64_t kBlock = int64_t{32} << 20;  // of random numbers, which are used again and again
constexpr double kDeviation = 0.02;
constexpr uint16_t kOne = 0x3f80;

// A part of a model: by which tensor its manifest is known, and where it lies.
struct Part {
  std::string_view tensor;
  std::string_view folder;
  std::string_view file;
};
constexpr Part kParts[] = {{"pos_embed.proj.weight", "transformer", "diffusion_pytorch_model.safetensors"},
                           {"encoder.conv_in.weight", "vae", "diffusion_pytorch_model.safetensors"},
                           {"vision_model.post_layernorm.weight", "image_encoder", "model.safetensors"}};

// The scheduler's configuration of Ruyi-Mini-7B.
constexpr std::string_view kScheduler = R"({"beta_start": 0.00085, "beta_end": 0.03, "beta_schedule": "scaled_linear",
 "steps_offset": 1, "prediction_type": "v_prediction", "clip_sample": false, "num_train_timesteps": 1000,
 "set_alpha_to_one": false}
)";

struct Numbers {
  Values random;
  Values ones = Values(4096, kOne);
  Values zeros = Values(4096, 0);
};

Numbers DrawNumbers(uint64_t seed) {
  const at::Tensor drawn =
      (at::randn({kBlock}, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kFloat)) * kDeviation)
          .to(at::kBFloat16);
  const auto* begin = static_cast<const uint16_t*>(drawn.const_data_ptr());
  return {.random = Values(begin, begin + drawn.numel())};
}

absl::Status WriteText(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path);
  file << text;
  return file.flush() ? absl::OkStatus()
                      : absl::UnavailableError(absl::StrFormat("%s cannot be written", path.string()));
}

const Values& ValuesOf(std::string_view name, const std::vector<int64_t>& shape, const Numbers& numbers) {
  if (absl::EndsWith(absl::string_view(name.data(), name.size()), "bias"))
    return numbers.zeros;
  const bool is_norm = shape.size() == 1 && absl::EndsWith(absl::string_view(name.data(), name.size()), ".weight");
  return is_norm ? numbers.ones : numbers.random;
}

absl::Status WritePart(const Part& part, const json& manifest, const std::filesystem::path& out,
                       const Numbers& numbers) {
  const std::filesystem::path folder = out / part.folder;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::vector<TensorToWrite> tensors;
  for (const auto& [name, shape] : manifest["tensors"].items()) {
    tensors.push_back({.name = name, .shape = shape});
    tensors.back().values = &ValuesOf(name, tensors.back().shape, numbers);
  }
  RUYI_RETURN_IF_ERROR(WriteText(folder / "config.json", manifest["config"].dump(1) + "\n"));
  return WriteSafetensors(folder / part.file, tensors);
}

// The two prompts that any request finds, all tokens shown.
absl::Status WritePrompts(const json& config, const std::filesystem::path& out, const Numbers& numbers) {
  RUYI_ASSIGN_OR_RETURN(const int64_t text, GetInt(config, "text_len", 77));
  RUYI_ASSIGN_OR_RETURN(const int64_t width, GetInt(config, "cross_attention_dim", 1024));
  RUYI_ASSIGN_OR_RETURN(const int64_t t5, GetInt(config, "text_len_t5", 256));
  RUYI_ASSIGN_OR_RETURN(const int64_t t5_width, GetInt(config, "cross_attention_dim_t5", 2048));
  std::vector<TensorToWrite> tensors;
  for (const std::string prompt : {"p.default", "n.default"}) {
    tensors.push_back({prompt + ".emb1", {1, text, width}, &numbers.random});
    tensors.push_back({prompt + ".mask1", {1, text}, &numbers.ones});
    tensors.push_back({prompt + ".emb2", {1, t5, t5_width}, &numbers.random});
    tensors.push_back({prompt + ".mask2", {1, t5}, &numbers.ones});
  }
  return WriteSafetensors(out / "embeddings.safetensors", tensors);
}

absl::Status WriteManifest(const std::filesystem::path& path, const std::filesystem::path& out,
                           const Numbers& numbers) {
  RUYI_ASSIGN_OR_RETURN(const json manifest, ReadJsonFile(path));
  const auto* part = std::find_if(std::begin(kParts), std::end(kParts), [&](const Part& known) {
    return manifest.contains("tensors") && manifest["tensors"].contains(known.tensor);
  });
  if (part == std::end(kParts) || !manifest.contains("config"))
    return absl::FailedPreconditionError(absl::StrFormat("%s is no manifest of a known part", path.string()));
  if (part->folder == "transformer") {
    RUYI_RETURN_IF_ERROR(WritePrompts(manifest["config"], out, numbers));
  }
  return WritePart(*part, manifest, out, numbers);
}

// A folder's files but the lists of names in it, which are arrays.
absl::StatusOr<std::vector<std::filesystem::path>> ManifestsIn(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error))
    return std::vector{path};
  std::vector<std::filesystem::path> manifests;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.path().extension() == ".json" && ReadJsonFile(entry.path()).ok())
      manifests.push_back(entry.path());
  }
  if (manifests.empty())
    return absl::NotFoundError(absl::StrFormat("%s holds no manifest", path.string()));
  return manifests;
}

}  // namespace

absl::Status MakeModel(const MakeModelOptions& options) {
  RUYI_ASSIGN_OR_RETURN(const std::vector<std::filesystem::path> manifests, ManifestsIn(options.manifests));
  const Numbers numbers = DrawNumbers(options.seed);
  std::error_code error;
  std::filesystem::create_directories(options.out / "scheduler", error);
  std::filesystem::create_directories(options.out / "image_encoder", error);
  for (const std::filesystem::path& manifest : manifests) {
    RUYI_RETURN_IF_ERROR(WriteManifest(manifest, options.out, numbers));
  }
  RUYI_RETURN_IF_ERROR(WriteText(options.out / "scheduler" / "scheduler_config.json", kScheduler));
  return WriteText(options.out / "image_encoder" / "preprocessor_config.json", "{}\n");
}

}  // namespace ruyi::bench
