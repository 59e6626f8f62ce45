#include "core/weights/weight_store.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/weights/magnitude.h"
#include "core/weights/safetensors_file.h"
#include "core/weights/weight_scale.h"

namespace ruyi {
namespace {

constexpr std::string_view kScale = "weight_scale";  // the parameter beside a weight of scaled rows

}  // namespace

bool IsScaleOfRows(std::string_view name) {
  return name.ends_with(kScale);
}

int64_t BytesOf(const Parameters& parameters) {
  int64_t bytes = 0;
  for (const auto& [name, tensor] : parameters)
    bytes += static_cast<int64_t>(tensor.nbytes());
  return bytes;
}

struct WeightStore::State {
  std::filesystem::path source;
  TensorPlacement placement;
  StorageRule rule;
  LoadedTypes types = LoadedTypes::kOfPlacement;
  Parameters given;      // when not read from files
  LayerUpdates updates;  // in the placement
  Parameters taken;
  LayerShapes layers;
  std::map<std::string, SafetensorsFile> files;                        // by file name
  std::map<std::string, const SafetensorsFile*, std::less<>> file_of;  // by tensor name
  std::set<std::string, std::less<>> known;                            // taken or ignored
  std::set<std::string, std::less<>> in_8_bits;                        // of those taken from files
  std::vector<std::string> problems;
  bool has_scales = false;  // scales of weights were applied

  at::Tensor Take(const std::string& name, at::IntArrayRef shape, const LayerTraits& traits);
  at::Tensor TakeScale(const std::string& scale, int64_t rows);
  absl::StatusOr<at::Tensor> Find(const std::string& name, at::IntArrayRef shape, const LayerTraits& traits);
  absl::StatusOr<at::Tensor> Read(const std::string& name, const SafetensorsFile& file, const LayerTraits& traits);
  absl::StatusOr<at::Tensor> ApplyScale(const std::string& name, const at::Tensor& weight);
  absl::Status CheckFinite(const at::Tensor& tensor, const LayerTraits& traits) const;
  c10::ScalarType StorageType(c10::ScalarType type, const LayerTraits& traits) const;
  bool KeepsType(const at::Tensor& tensor, const LayerTraits& traits) const;
  std::string FileOf(const std::string& name) const;
  std::vector<std::string> UnknownCompanions() const;
  at::Tensor Store(const at::Tensor& tensor, const LayerTraits& traits) const;
  absl::Status AddFile(const std::filesystem::path& path);
  absl::Status AddShards(const std::filesystem::path& index);
  absl::Status AddIndexed(const std::string& name, const std::string& shard);
};

namespace {

// A shard lies beside its index: a name with a folder in it could lead out of the model folder.
bool IsPlainShardName(const std::string& name) {
  return absl::EndsWith(name, ".safetensors") && name.find_first_of("/\\") == std::string::npos;
}

}  // namespace

absl::Status WeightStore::State::AddFile(const std::filesystem::path& path) {
  RUYI_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::Open(path));
  const auto [added, is_new] = files.emplace(path.filename().string(), std::move(file));
  for (const auto& [name, entry] : added->second.entries())
    file_of.emplace(name, &added->second);
  return absl::OkStatus();
}

absl::Status WeightStore::State::AddIndexed(const std::string& name, const std::string& shard) {
  if (!IsPlainShardName(shard)) {
    return absl::DataLossError(
        absl::StrFormat("%s: shard '%s' of tensor '%s' must be the name of a .safetensors file beside the index",
                        source.string(), shard, name));
  }
  if (!files.contains(shard))
    RUYI_RETURN_IF_ERROR(AddFile(source.parent_path() / shard));
  const SafetensorsFile& file = files.at(shard);
  if (!file.entries().contains(name)) {
    return absl::DataLossError(
        absl::StrFormat("%s: tensor '%s' should be in %s, which lacks it", source.string(), name, shard));
  }
  file_of[name] = &file;
  return absl::OkStatus();
}

absl::Status WeightStore::State::AddShards(const std::filesystem::path& index) {
  RUYI_ASSIGN_OR_RETURN(const nlohmann::json json, ReadJsonFile(index));
  const auto weight_map = json.find("weight_map");
  if (weight_map == json.end() || !weight_map->is_object()) {
    return absl::DataLossError(absl::StrFormat("%s: 'weight_map' must be an object", index.string()));
  }
  for (const auto& [name, shard] : weight_map->items()) {
    if (!shard.is_string()) {
      return absl::DataLossError(absl::StrFormat("%s: the shard of '%s' must be a string", index.string(), name));
    }
    RUYI_RETURN_IF_ERROR(AddIndexed(name, shard.get_ref<const std::string&>()));
  }
  return absl::OkStatus();
}

absl::StatusOr<at::Tensor> WeightStore::State::Find(const std::string& name, at::IntArrayRef shape,
                                                    const LayerTraits& traits) {
  const auto given_one = given.find(name);
  const auto found = file_of.find(name);
  if (given_one == given.end() && found == file_of.end())
    return absl::NotFoundError("is missing");
  const at::IntArrayRef stored =
      given_one != given.end() ? given_one->second.sizes() : at::IntArrayRef(found->second->entries().at(name).shape);
  if (stored != shape) {
    return absl::FailedPreconditionError(
        absl::StrFormat("has shape [%s], expected [%s]", absl::StrJoin(stored, ", "), absl::StrJoin(shape, ", ")));
  }
  return given_one != given.end() ? given_one->second : Read(name, *found->second, traits);
}

// The tensor as the file has it, or multiplied with its scale.
absl::StatusOr<at::Tensor> WeightStore::State::Read(const std::string& name, const SafetensorsFile& file,
                                                    const LayerTraits& traits) {
  const c10::ScalarType type = file.entries().at(name).dtype;
  if (!c10::isFloatingType(type)) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "is of type %s; a weight must be of a floating-point type, from F8_E4M3 to F64", SafetensorsName(type)));
  }
  if (c10::elementSize(type) == 1)
    in_8_bits.insert(name);
  RUYI_ASSIGN_OR_RETURN(const at::Tensor stored, file.Get(name));
  RUYI_ASSIGN_OR_RETURN(const at::Tensor tensor, ApplyScale(name, stored));
  RUYI_RETURN_IF_ERROR(CheckFinite(tensor, traits));
  return tensor;
}

absl::StatusOr<at::Tensor> WeightStore::State::ApplyScale(const std::string& name, const at::Tensor& weight) {
  for (const std::string& input_scale : InputScaleNames(name))
    known.insert(input_scale);  // of no use where products are computed in more than 8 bits
  for (const std::string& scale_name : ScaleNames(name)) {
    const auto found = file_of.find(scale_name);
    if (found == file_of.end())
      continue;
    known.insert(scale_name);
    has_scales = true;
    RUYI_ASSIGN_OR_RETURN(const at::Tensor scale, found->second->Get(scale_name));
    return Scaled(weight, scale);
  }
  return weight;
}

c10::ScalarType WeightStore::State::StorageType(c10::ScalarType type, const LayerTraits& traits) const {
  const std::optional<Storage> storage = rule ? rule(traits) : std::nullopt;
  return storage.has_value() && !storage->is_scaled ? storage->type : type;
}

absl::Status WeightStore::State::CheckFinite(const at::Tensor& tensor, const LayerTraits& traits) const {
  const double largest = LargestMagnitude(tensor);
  if (!std::isfinite(largest))
    return absl::FailedPreconditionError("is not finite: it holds NaN or infinity");
  const c10::ScalarType type = StorageType(placement.dtype, traits);
  if (std::isfinite(RoundedTo(type, RoundedTo(placement.dtype, largest))))
    return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("is not finite as %s: its largest number is %g", c10::toString(type), largest));
}

bool WeightStore::State::KeepsType(const at::Tensor& tensor, const LayerTraits& traits) const {
  const bool is_in_8_bits = tensor.element_size() == 1;
  if (!given.empty())
    return is_in_8_bits;
  return types == LoadedTypes::kOfFiles && !is_in_8_bits && !(rule && rule(traits).has_value());
}

// All cross to the device as they are: left to itself, libtorch casts on the CPU.
at::Tensor WeightStore::State::Store(const at::Tensor& tensor, const LayerTraits& traits) const {
  const at::Tensor there = tensor.to(placement.device, tensor.scalar_type());
  const at::Tensor placed = KeepsType(tensor, traits) ? there : there.to(placement.dtype);
  return placed.to(StorageType(placed.scalar_type(), traits));
}

at::Tensor WeightStore::State::Take(const std::string& name, at::IntArrayRef shape, const LayerTraits& traits) {
  known.insert(name);
  const absl::StatusOr<at::Tensor> tensor = Find(name, shape, traits);
  if (tensor.ok())
    return taken[name] = Store(*tensor, traits);
  problems.push_back(absl::StrFormat("'%s'%s %s", name, FileOf(name), tensor.status().message()));
  return at::zeros({1}, at::TensorOptions(placement.dtype).device(placement.device)).expand(shape);
}

// Returns the scale of a weight, where one was given; undefined: none.
at::Tensor WeightStore::State::TakeScale(const std::string& scale, int64_t rows) {
  if (!given.contains(scale))
    return {};
  const at::Tensor tensor = given.find(scale)->second.to(placement.device);
  if (tensor.sizes() == at::IntArrayRef({rows, 1}))
    return taken[scale] = tensor;
  problems.push_back(
      absl::StrFormat("'%s' has shape [%s], expected [%d, 1]", scale, absl::StrJoin(tensor.sizes(), ", "), rows));
  return {};
}

// Returns " in model-1.safetensors" where there are several files.
std::string WeightStore::State::FileOf(const std::string& name) const {
  const auto found = file_of.find(name);
  const auto file = std::find_if(files.begin(), files.end(), [&](const auto& entry) {
    return found != file_of.end() && found->second == &entry.second;
  });
  return files.size() > 1 && file != files.end() ? absl::StrCat(" in ", file->first) : "";
}

// Returns the names of tensors that belong to weights in 8 bits and that nothing here understands.
std::vector<std::string> WeightStore::State::UnknownCompanions() const {
  std::vector<std::string> unknown;
  for (const auto& [name, file] : file_of) {
    const bool is_unknown = in_8_bits.contains(WeightOfCompanion(name)) || (IsScaleMarker(name) && !has_scales);
    if (is_unknown && !known.contains(name))
      unknown.push_back(name);
  }
  return unknown;
}

absl::StatusOr<WeightStore> WeightStore::Open(const std::filesystem::path& folder, std::string_view stem,
                                              const TensorPlacement& placement, StorageRule rule, LoadedTypes types) {
  auto state = std::make_unique<State>();
  state->placement = placement;
  state->rule = std::move(rule);
  state->types = types;
  state->source = folder / absl::StrFormat("%s.safetensors", stem);
  std::error_code error;
  if (std::filesystem::exists(state->source, error)) {
    RUYI_RETURN_IF_ERROR(state->AddFile(state->source));
    return WeightStore(std::move(state));
  }
  state->source = folder / absl::StrFormat("%s.safetensors.index.json", stem);
  if (!std::filesystem::exists(state->source, error)) {
    return absl::NotFoundError(absl::StrFormat("%s: neither %s.safetensors nor %s.safetensors.index.json is there",
                                               folder.string(), stem, stem));
  }
  RUYI_RETURN_IF_ERROR(state->AddShards(state->source));
  return WeightStore(std::move(state));
}

WeightStore WeightStore::Over(Parameters parameters, const TensorPlacement& placement, StorageRule rule,
                              LayerUpdates updates) {
  auto state = std::make_unique<State>();
  state->source = "the model";
  state->placement = placement;
  state->rule = std::move(rule);
  state->given = std::move(parameters);
  for (auto& [layer, update] : updates)
    update = {.up = update.up.to(placement.device, placement.dtype),
              .down = update.down.to(placement.device, placement.dtype)};
  state->updates = std::move(updates);
  return WeightStore(std::move(state));
}

WeightStore::WeightStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
WeightStore::WeightStore(WeightStore&&) noexcept = default;
WeightStore& WeightStore::operator=(WeightStore&&) noexcept = default;
WeightStore::~WeightStore() = default;

WeightScope WeightStore::root() {
  return WeightScope(state_.get(), "");
}

absl::Status WeightStore::Finish() const {
  const std::string source = state_->source.string();
  if (!state_->problems.empty()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s: %d tensors cannot be used: %s", source, state_->problems.size(), absl::StrJoin(state_->problems, "; ")));
  }
  if (const std::vector<std::string> unknown = state_->UnknownCompanions(); !unknown.empty()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s: '%s' and %d more say how weights in 8 bits are to be read, in a way that is not known; scale_weight and "
        "weight_scale are: use such a model, or one in BF16",
        source, unknown.front(), unknown.size() - 1));
  }
  return absl::OkStatus();
}

MappedFiles WeightStore::mapped_files() const {
  MappedFiles mapped;
  for (const auto& [name, file] : state_->files)
    mapped.Add(file.bytes());
  return mapped;
}

const Parameters& WeightStore::taken() const {
  return state_->taken;
}

const LayerShapes& WeightStore::layers() const {
  return state_->layers;
}

std::vector<std::string> WeightStore::UnusedNames() const {
  std::vector<std::string> unused;
  for (const auto& [name, file] : state_->file_of) {
    const bool is_heeded = state_->has_scales && IsScaleMarker(name);
    if (!state_->known.contains(name) && !is_heeded)
      unused.push_back(name);
  }
  return unused;
}

void WeightStore::AddUnusedNames(std::vector<std::string>* names) const {
  if (names == nullptr)
    return;
  const std::vector<std::string> unused = UnusedNames();
  names->insert(names->end(), unused.begin(), unused.end());
}

WeightScope::WeightScope(WeightStore::State* state, std::string prefix, LayerTraits traits)
    : state_(state), prefix_(std::move(prefix)), traits_(traits) {}

WeightScope WeightScope::Sub(std::string_view name) const {
  return WeightScope(state_, absl::StrFormat("%s%s.", prefix_, name));
}

WeightScope WeightScope::AsLinear(const LayerShape& shape) const {
  AddLayer(shape);
  return WeightScope(state_, prefix_, {.kind = LayerKind::kLinear, .weight_elements = shape.out * shape.in});
}

WeightScope WeightScope::AsNorm() const {
  return WeightScope(state_, prefix_, {.kind = LayerKind::kNorm});
}

// The prefix without its last dot.
std::string WeightScope::LayerName() const {
  return prefix_.substr(0, prefix_.size() - 1);
}

void WeightScope::AddLayer(const LayerShape& shape) const {
  state_->layers.emplace(LayerName(), shape);
}

LayerUpdate WeightScope::Update() const {
  const auto found = state_->updates.find(LayerName());
  return found != state_->updates.end() ? found->second : LayerUpdate();
}

bool WeightScope::Has(std::string_view name) const {
  return state_->file_of.contains(absl::StrFormat("%s%s", prefix_, name));
}

at::Tensor WeightScope::Take(std::string_view name, at::IntArrayRef shape) const {
  return state_->Take(absl::StrFormat("%s%s", prefix_, name), shape, traits_);
}

ScaledRows WeightScope::TakeMatrix(const LayerShape& shape) const {
  const std::string scale = absl::StrFormat("%s%s", prefix_, kScale);
  ScaledRows rows = {.data = Take("weight", {shape.out, shape.in}), .scale = state_->TakeScale(scale, shape.out)};
  const std::optional<Storage> storage = state_->rule ? state_->rule(traits_) : std::nullopt;
  if (rows.scale.defined() || !storage.has_value() || !storage->is_scaled)
    return rows;
  rows = ScaleRows(rows.data);
  state_->taken[absl::StrFormat("%sweight", prefix_)] = rows.data;
  state_->taken[scale] = rows.scale;
  return rows;
}

void WeightScope::Ignore(std::string_view name) const {
  state_->known.insert(absl::StrFormat("%s%s", prefix_, name));
}

}  // namespace ruyi
