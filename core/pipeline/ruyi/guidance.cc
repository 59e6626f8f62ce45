#include "core/pipeline/ruyi/guidance.h"

#include <ATen/TensorOperators.h>

namespace ruyi {

at::Tensor Guide(const at::Tensor& predictions, double scale) {
  if (predictions.size(0) == 1)
    return predictions;
  const at::Tensor without = predictions.narrow(0, 0, 1);
  return without + (predictions.narrow(0, 1, 1) - without) * scale;
}

}  // namespace ruyi
