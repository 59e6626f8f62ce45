#include "core/pipeline/ruyi/guidance.h"

#include <ATen/TensorOperators.h>

namespace ruyi {

at::Tensor Guide(const at::Tensor& predictions, double scale, double rescale) {
  if (predictions.size(0) == 1)
    return predictions;
  const at::Tensor without = predictions.narrow(0, 0, 1);
  const at::Tensor with = predictions.narrow(0, 1, 1);
  const at::Tensor guided = without + (with - without) * scale;
  if (rescale == 0)
    return guided;
  const at::Tensor rescaled = guided * (with.std() / guided.std());
  return rescale * rescaled + (1 - rescale) * guided;
}

}  // namespace ruyi
