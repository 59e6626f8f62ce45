#include "core/pipeline/ruyi/constant_moments.h"

#include <ATen/core/TensorBody.h>

namespace ruyi {

at::Tensor ConstantMoments::Find(const Key& key) const {
  const auto found = moments_.find(key);
  return found == moments_.end() ? at::Tensor() : found->second;
}

void ConstantMoments::Add(const Key& key, const at::Tensor& moments) {
  if (moments_.size() >= kMost)
    Clear();
  moments_[key] = moments.to(at::kCPU, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace ruyi
