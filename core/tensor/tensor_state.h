// What a part of a running request remembers between two steps, as named tensors: enough to go on in another process
// with the same bits. Before it: the Save functions of samplers, noise sources and TeaCache. After it:
// core/checkpoint, which makes bytes of it, and their Restore functions. It shares the tensors that it is given, so
// what is put in must not be changed in place. Not thread-safe.
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

  // Numbers are kept as tensors on the CPU: int64, or one float64. A name that is there already is replaced.
  void Put(std::string_view name, at::Tensor tensor);
  void PutIntegers(std::string_view name, const std::vector<int64_t>& values);
  void PutDouble(std::string_view name, double value);

  // Every tensor of `part` as "<prefix>.<its name>", and all of these again under their own names.
  void PutPart(std::string_view prefix, const TensorState& part);
  TensorState Part(std::string_view prefix) const;

  // The tensor where it lies. FAILED_PRECONDITION, as for all below: there is none of that name, or another than asked
  // for.
  absl::StatusOr<at::Tensor> Get(std::string_view name) const;
  absl::StatusOr<at::Tensor> GetOfType(std::string_view name, c10::ScalarType dtype) const;

  // A tensor with the type and the shape of `like`, on its device.
  absl::StatusOr<at::Tensor> GetLike(std::string_view name, const at::Tensor& like) const;

  // A list, which may be empty.
  absl::StatusOr<std::vector<int64_t>> GetIntegers(std::string_view name) const;
  absl::StatusOr<int64_t> GetInteger(std::string_view name) const;
  absl::StatusOr<double> GetDouble(std::string_view name) const;

  // FAILED_PRECONDITION: the state has another number of tensors than `count`, so it is not of whom it is given to.
  absl::Status CheckCount(size_t count) const;

 private:
  Tensors tensors_;
};

}  // namespace ruyi
