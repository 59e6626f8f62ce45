// Classifier-free guidance: leads the prediction with the condition away from the one without. Before it: the
// transformer. After it: the sampler. Functions without state; thread-safe. Source: Ho & Salimans 2022; Lin et al.
// 2023, section 3.4 (rescaling).
#pragma once

#include <ATen/core/Tensor.h>

namespace ruyi {

// Combines two predictions, [2, ...] (without, with the condition) → [1, ...]; a single one, [1, ...], is returned as
// it is. `rescale`, 0 to 1, leads the result's standard deviation back to that of the prediction with the condition.
at::Tensor Guide(const at::Tensor& predictions, double scale, double rescale);

// Does the same with a `difference` of the branches, with the condition less without it, that is known already: all are
// [1, ...].
at::Tensor GuideBy(const at::Tensor& difference, const at::Tensor& with, double scale, double rescale);

}  // namespace ruyi
