#include "core/pipeline/ruyi/guidance.h"

#include <ATen/TensorOperators.h>

namespace ruyi {
namespace {

at::Tensor Rescaled(const at::Tensor& guided, const at::Tensor& with, double rescale) {
  if (rescale == 0)
    return guided;
  const at::Tensor rescaled = guided * (with.std() / guided.std());
  return rescale * rescaled + (1 - rescale) * guided;
}

}  // namespace

at::Tensor Guide(const at::Tensor& predictions, double scale, double rescale) {
  if (predictions.size(0) == 1)
    return predictions;
  const at::Tensor without = predictions.narrow(0, 0, 1);
  const at::Tensor with = predictions.narrow(0, 1, 1);
  return Rescaled(without + (with - without) * scale, with, rescale);
}

at::Tensor GuideBy(const at::Tensor& difference, const at::Tensor& with, double scale, double rescale) {
  return Rescaled(with + difference * (scale - 1), with, rescale);
}

}  // namespace ruyi
