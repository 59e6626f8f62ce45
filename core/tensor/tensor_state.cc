#include "core/tensor/tensor_state.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

absl::Status Misfit(std::string_view name, std::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrFormat("the saved state does not fit: '%s' %s; it was saved by another run or program", name, what));
}

}  // namespace

void TensorState::Put(std::string_view name, at::Tensor tensor) {
  tensors_.insert_or_assign(std::string(name), std::move(tensor));
}

void TensorState::PutIntegers(std::string_view name, const std::vector<int64_t>& values) {
  Put(name, at::tensor(values, at::kLong));
}

void TensorState::PutDouble(std::string_view name, double value) {
  Put(name, at::scalar_tensor(value, at::kDouble));
}

void TensorState::PutPart(std::string_view prefix, const TensorState& part) {
  for (const auto& [name, tensor] : part.tensors_)
    Put(std::string(prefix) + "." + name, tensor);
}

TensorState TensorState::Part(std::string_view prefix) const {
  const std::string begin = std::string(prefix) + ".";
  TensorState part;
  for (auto it = tensors_.lower_bound(begin); it != tensors_.end() && it->first.compare(0, begin.size(), begin) == 0;
       ++it)
    part.Put(it->first.substr(begin.size()), it->second);
  return part;
}

absl::StatusOr<at::Tensor> TensorState::Get(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end())
    return Misfit(name, "is missing");
  return found->second;
}

absl::StatusOr<at::Tensor> TensorState::GetOfType(std::string_view name, c10::ScalarType dtype) const {
  RUYI_ASSIGN_OR_RETURN(at::Tensor tensor, Get(name));
  if (tensor.scalar_type() != dtype) {
    return Misfit(name,
                  absl::StrFormat("is of type %s, not %s", c10::toString(tensor.scalar_type()), c10::toString(dtype)));
  }
  return tensor;
}

absl::StatusOr<at::Tensor> TensorState::GetLike(std::string_view name, const at::Tensor& like) const {
  RUYI_ASSIGN_OR_RETURN(const at::Tensor tensor, GetOfType(name, like.scalar_type()));
  if (tensor.sizes() != like.sizes())
    return Misfit(name, "has another shape");
  return tensor.to(like.device());
}

absl::StatusOr<std::vector<int64_t>> TensorState::GetIntegers(std::string_view name) const {
  RUYI_ASSIGN_OR_RETURN(const at::Tensor tensor, GetOfType(name, at::kLong));
  if (tensor.dim() != 1)
    return Misfit(name, "is not a list");
  const at::Tensor list = tensor.contiguous();
  const int64_t* begin = list.const_data_ptr<int64_t>();
  return std::vector<int64_t>(begin, begin + list.numel());
}

absl::StatusOr<int64_t> TensorState::GetInteger(std::string_view name) const {
  RUYI_ASSIGN_OR_RETURN(const std::vector<int64_t> values, GetIntegers(name));
  if (values.size() != 1)
    return Misfit(name, "is not one number");
  return values.front();
}

absl::StatusOr<double> TensorState::GetDouble(std::string_view name) const {
  RUYI_ASSIGN_OR_RETURN(const at::Tensor tensor, GetOfType(name, at::kDouble));
  if (tensor.numel() != 1)
    return Misfit(name, "is not one number");
  return tensor.item<double>();
}

absl::Status TensorState::CheckCount(size_t count) const {
  if (tensors_.size() == count)
    return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("the saved state does not fit: it has %d tensors, not %d; it was saved by another run or program",
                      tensors_.size(), count));
}

}  // namespace ruyi
