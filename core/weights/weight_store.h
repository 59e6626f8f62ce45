// Hands the named parameters of one model part (one file, or the shards of an index) to layers, cast and placed. Before
// it: core/weights/model_folder. After it: the Load functions of core/model. Loading is by name; tensors that are
// missing or have the wrong shape are collected and reported together by Finish. Not thread-safe; used while loading
// only.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tensor/scaled_rows.h"
#include "core/tensor/tensor_placement.h"
#include "core/weights/layer_update.h"
#include "core/weights/mapped_files.h"
#include "core/weights/storage_rule.h"

namespace ruyi {

class WeightScope;

// Parameters by name, as they lie in memory.
using Parameters = std::map<std::string, at::Tensor, std::less<>>;

// Returns the bytes of all tensors, wherever they lie.
int64_t BytesOf(const Parameters& parameters);

// Returns true for the parameter that holds the scales of a weight's rows: it is float32 in every arithmetic.
bool IsScaleOfRows(std::string_view name);

// Says what type parameters from files have in memory, where a rule does not say it.
enum class LoadedTypes {
  kOfPlacement,  // that of the arithmetic
  kOfFiles,      // their own, so that they share the file; those in 8 bits still have that of the arithmetic
};

class WeightStore {
 public:
  // Opens `<stem>.safetensors` or the shards of `<stem>.safetensors.index.json` in `folder`. `stem` is
  // "diffusion_pytorch_model" or "model", as models are published. NOT_FOUND: neither exists. DATA_LOSS: a damaged file
  // (see SafetensorsFile) or index.
  static absl::StatusOr<WeightStore> Open(const std::filesystem::path& folder, std::string_view stem,
                                          const TensorPlacement& placement, StorageRule rule = {},
                                          LoadedTypes types = LoadedTypes::kOfPlacement);

  // Makes a store of parameters that another store has handed out. Those that lie on the placement's device, in the
  // type that `rule` asks for, are shared; where it asks for none, 8 bits stay as they are and other parameters get the
  // placement's type. `updates` change the linear layers that they name, in the placement.
  static WeightStore Over(Parameters parameters, const TensorPlacement& placement, StorageRule rule,
                          LayerUpdates updates);

  WeightStore(WeightStore&&) noexcept;
  WeightStore& operator=(WeightStore&&) noexcept;
  ~WeightStore();

  // Returns the scope with no prefix. The store must outlive it.
  WeightScope root();

  // Returns FAILED_PRECONDITION, which names every tensor that a layer took and that was missing or had another shape,
  // was of an integer type, or had numbers that are not finite, also after rounding to the type that they are to have.
  // Weights in 8 bits are multiplied with their scales (weight_scale.h) when they are taken; FAILED_PRECONDITION also
  // when the files have anything else that belongs to such weights.
  absl::Status Finish() const;

  // Returns the files whose memory the taken parameters may share.
  MappedFiles mapped_files() const;

  // Returns the parameters that layers have taken, as the layers have them.
  const Parameters& taken() const;

  // Returns the linear layers among those that have taken parameters, convolutions included.
  const LayerShapes& layers() const;

  // Returns the names in the files that no layer took, sorted.
  std::vector<std::string> UnusedNames() const;

  // Appends UnusedNames to `names`, unless that is null.
  void AddUnusedNames(std::vector<std::string>* names) const;

 private:
  friend class WeightScope;
  struct State;
  explicit WeightStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A name prefix within a store: `scope.Sub("blocks.0").Sub("attn1").Take("to_q.weight", {out, in})`. A value.
class WeightScope {
 public:
  WeightScope Sub(std::string_view name) const;

  // Both return the same scope, marked as a linear layer or as a normalisation: the parameters that it takes are stored
  // as the store's rule says.
  WeightScope AsLinear(const LayerShape& shape) const;
  WeightScope AsNorm() const;

  // Makes the layer known as one that updates may change; its type of storage stays that of the arithmetic.
  void AddLayer(const LayerShape& shape) const;

  // Returns the update of this layer; its tensors are undefined when nothing changes the layer.
  LayerUpdate Update() const;

  // Returns true when `<prefix>.<name>` is in the files.
  bool Has(std::string_view name) const;

  // Returns the tensor, contiguous, on the store's device and in the store's type or the one that its rule says; where
  // the store loads types of files, in that of the file. When the tensor is missing or has another shape, returns zeros
  // of `shape`, and Finish will say so.
  at::Tensor Take(std::string_view name, at::IntArrayRef shape) const;

  // Takes the weight [out, in] of a linear layer. Where the rule asks for scaled rows, they are made of the numbers
  // that Take gives; parameters from another store that are scaled rows stay so. The scale is a parameter beside the
  // weight,
  // `<prefix>.weight_scale` [out, 1]; undefined: the weight is what Take gives.
  ScaledRows TakeMatrix(const LayerShape& shape) const;

  // Marks `name` as known and not needed (a buffer that we compute), so that it is not reported as unused.
  void Ignore(std::string_view name) const;

 private:
  friend class WeightStore;
  WeightScope(WeightStore::State* state, std::string prefix, LayerTraits traits = {});
  std::string LayerName() const;

  WeightStore::State* state_;
  std::string prefix_;
  LayerTraits traits_;
};

}  // namespace ruyi
