#include "tests/core/pipeline/model_copy.h"

#include <ATen/core/TensorBody.h>

#include <utility>

#include "core/json/json_file.h"
#include "core/weights/safetensors_file.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

constexpr size_t kAlignment = 8;  // of the data, as the format's own library has it

std::string LittleEndian64(uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i)
    bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}

RuyiModels LoadOrStop(const std::filesystem::path& folder) {
  absl::StatusOr<RuyiModels> models = LoadRuyiModels(folder, {});
  EXPECT_THAT(models, IsOk());
  return *std::move(models);
}

}  // namespace

std::filesystem::path GoldenModel(const std::string& name) {
  return std::filesystem::path(RUYI_SOURCE_DIR) / "tests" / "golden" / "models" / name;
}

const RuyiModels& LoadedModel(const std::string& name) {
  static std::map<std::string, const RuyiModels*>* const loaded = new std::map<std::string, const RuyiModels*>();
  const auto [entry, is_new] = loaded->try_emplace(name);
  if (is_new)
    entry->second = new RuyiModels(LoadOrStop(GoldenModel(name)));
  return *entry->second;
}

NamedTensors ReadTensors(const std::filesystem::path& file) {
  const SafetensorsFile opened = *SafetensorsFile::Open(file);
  NamedTensors tensors;
  for (const auto& [name, entry] : opened.entries())
    tensors[name] = opened.Get(name)->clone();
  return tensors;
}

void WriteTensors(const std::filesystem::path& file, const NamedTensors& tensors) {
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor floats = tensor.to(at::kFloat).contiguous();
    header[name] = {{"dtype", "F32"},
                    {"shape", floats.sizes().vec()},
                    {"data_offsets", {data.size(), data.size() + floats.nbytes()}}};
    data.append(static_cast<const char*>(floats.const_data_ptr()), floats.nbytes());
  }
  std::string text = header.dump();
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  std::filesystem::remove(file);
  std::ofstream(file, std::ios::binary) << LittleEndian64(text.size()) << text << data;
}

ModelCopy::ModelCopy(const std::string& name) {
  std::filesystem::copy(GoldenModel(name), folder_.path(), std::filesystem::copy_options::recursive);
}

void ModelCopy::Configure(const std::string& file, const nlohmann::json& changes) const {
  nlohmann::json config = *ReadJsonFile(path() / file);
  config.update(changes);
  folder_.Write(file, config.dump());
}

}  // namespace ruyi
