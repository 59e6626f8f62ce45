// The named parameters of one model part (one file, or the shards of an index), handed to layers cast and placed.
// Before it: core/weights/model_folder. After it: the Load functions of core/model. Loading is by name; what is missing
// or has the wrong shape is collected and reported together by Finish. Not thread-safe; used while loading only.
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
#include "core/tensor/placement.h"
#include "core/weights/layer_update.h"
#include "core/weights/mapped_files.h"
#include "core/weights/storage_rule.h"

namespace ruyi {

class WeightScope;

// By name, as they lie in memory.
using Parameters = std::map<std::string, at::Tensor, std::less<>>;

// Of all their tensors, wherever they lie.
int64_t BytesOf(const Parameters& parameters);

class WeightStore {
 public:
  // `stem` as published: "diffusion_pytorch_model" or "model"; `<stem>.safetensors` or `<stem>.safetensors.index.json`
  // in `folder`. NOT_FOUND: neither exists. DATA_LOSS: a damaged file (see SafetensorsFile) or index.
  static absl::StatusOr<WeightStore> Open(const std::filesystem::path& folder, std::string_view stem,
                                          const Placement& placement, StorageRule rule = {});

  // Parameters that another store has handed out: what lies on the placement's device, in the type that `rule` asks
  // for, is shared. `updates` change the linear layers that they name, in the placement.
  static WeightStore Over(Parameters parameters, const Placement& placement, StorageRule rule, LayerUpdates updates);

  WeightStore(WeightStore&&) noexcept;
  WeightStore& operator=(WeightStore&&) noexcept;
  ~WeightStore();

  // The scope with no prefix. The store must outlive it.
  WeightScope root();

  // FAILED_PRECONDITION naming every tensor that a layer took and that was missing or had another shape, was of an
  // integer type, or had numbers that are not finite, also after rounding to the type that they are to have. Weights in
  // 8 bits are multiplied with their scales (weight_scale.h) when they are taken; also FAILED_PRECONDITION: what the
  // files say of such weights beside that.
  absl::Status Finish() const;

  // The files that what was taken may share.
  MappedFiles mapped_files() const;

  // What layers have taken, as they have it.
  const Parameters& taken() const;

  // The linear layers among them, convolutions included.
  const LayerShapes& layers() const;

  // Names in the files that no layer took, sorted.
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

  // The same scope as a linear layer or as a normalisation: what it takes is stored as the store's rule says.
  WeightScope AsLinear(const LayerShape& shape) const;
  WeightScope AsNorm() const;

  // Makes the layer known as one that updates may change, without another type of storage.
  void AddLayer(const LayerShape& shape) const;

  // What changes this layer; undefined tensors when nothing does.
  LayerUpdate Update() const;

  // True when `<prefix>.<name>` is in the files.
  bool Has(std::string_view name) const;

  // The tensor, contiguous, on the store's device and in its type or the one that its rule says. When it is missing or
  // has another shape, Finish will say so and zeros of `shape` come back.
  at::Tensor Take(std::string_view name, at::IntArrayRef shape) const;

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
