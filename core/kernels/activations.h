// Features on their way into products: as numbers of the arithmetic, or as rows in 8 bits, which are made once for all
// products that take them. Before it: the norms and activations of this room. After it: linear.h. A value; one belongs
// to one thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <utility>

#include "core/tensor/scaled_rows.h"

namespace ruyi::kernels {

// Says in which form a function gives what it computes.
enum class Form {
  kPlain,
  kRows,  // in 8 bits, as a scaled product takes it
};

class Activations {
 public:
  Activations() = default;
  Activations(at::Tensor plain) : type_(plain.scalar_type()), plain_(std::move(plain)) {}  // NOLINT: stands for it

  // Takes rows that were made of numbers of `type`.
  Activations(ScaledRows rows, c10::ScalarType type) : type_(type), rows_(std::move(rows)) {}

  // Returns the type of the arithmetic.
  c10::ScalarType type() const { return type_; }

  // Returns the sizes [..., features].
  at::IntArrayRef sizes() const { return plain_.defined() ? plain_.sizes() : rows_->data.sizes(); }

  // Returns the features; rows that came alone are widened.
  at::Tensor plain() const { return plain_.defined() ? plain_ : Widened(*rows_, type_); }

  // Returns the rows; those of plain features are made at the first call, and kept.
  const ScaledRows& rows() const;

 private:
  c10::ScalarType type_ = at::kFloat;
  at::Tensor plain_;
  mutable std::optional<ScaledRows> rows_;
};

// Rounds the rows of x [..., n]: one kernel on a GPU, where it takes such tensors, and ScaleRows elsewhere.
ScaledRows QuantizeRows(const at::Tensor& x);

// Returns the rows of the gelu (by its approximation with tanh) of x [..., n], which is rounded to the type of x first.
ScaledRows GeluRows(const at::Tensor& x);

namespace aten {

ScaledRows QuantizeRows(const at::Tensor& x);
ScaledRows GeluRows(const at::Tensor& x);

}  // namespace aten
}  // namespace ruyi::kernels
