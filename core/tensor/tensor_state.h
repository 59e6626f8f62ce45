// Holds what a part of a running request remembers between two steps, as named tensors: enough to go on in another
// process with the same bits. Before it: the Save functions of samplers, noise sources and TeaCache. After it:
// core/checkpoint, which turns it into bytes, and their Restore functions. It shares the tensors that are put in, so
// they must not be changed in place. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ruyi {

class TensorState {
 public:
  using Tensors = std::map<std::string, at::Tensor, std::less<>>;

  const Tensors& tensors() const { return tensors_; }

  // Each adds a value under `name`, in place of one that has this name already. Numbers are kept as tensors on the CPU:
  // int64, or one float64.
  void Put(std::string_view name, at::Tensor tensor);
  void PutIntegers(std::string_view name, const std::vector<int64_t>& values);
  void PutDouble(std::string_view name, double value);

  // PutPart adds every tensor of `part` as "<prefix>.<its name>"; Part returns them again under their own names.
  void PutPart(std::string_view prefix, const TensorState& part);
  TensorState Part(std::string_view prefix) const;

  // Returns the tensor where it lies. FAILED_PRECONDITION, as for all below: there is none of that name, or it is of
  // another kind than asked for.
  absl::StatusOr<at::Tensor> Get(std::string_view name) const;
  absl::StatusOr<at::Tensor> GetOfType(std::string_view name, c10::ScalarType dtype) const;

  // Returns a tensor with the type and the shape of `like`, on the device of `like`.
  absl::StatusOr<at::Tensor> GetLike(std::string_view name, const at::Tensor& like) const;

  // Returns a list, which may be empty.
  absl::StatusOr<std::vector<int64_t>> GetIntegers(std::string_view name) const;
  absl::StatusOr<int64_t> GetInteger(std::string_view name) const;
  absl::StatusOr<double> GetDouble(std::string_view name) const;

  // Returns FAILED_PRECONDITION when the state has another number of tensors than `count`, so that something else has
  // saved it.
  absl::Status CheckCount(size_t count) const;

 private:
  Tensors tensors_;
};

}  // namespace ruyi
