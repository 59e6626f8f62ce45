// Computes attention with libtorch's kernels in the order that is fastest on the device that computes: found by timing
// them, once for each kind of device. libtorch itself has one order for the whole process, so all attention of ours
// goes through here. Before it: device.h. After it: core/kernels/attention.h, core/model. Thread-safe.
#pragma once

#include <ATen/SDPBackend.h>
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"

namespace ruyi {

// Says what a model's attention looks like, as far as it decides which kernel is fastest.
struct AttentionShape {
  int64_t heads = 0;
  int64_t head_dim = 0;
  c10::ScalarType dtype = c10::kFloat;
};

// Times attention of `shape` with flash, memory-efficient and cuDNN's kernels on `device`, and has its attention try
// the fastest first from now on. Kernels that do not fit a call are passed over, as libtorch does. A device of a kind
// that was timed before takes the order of that one; on a CPU there is nothing to choose. Throws c10::Error. Blocks,
// for about a second where it times.
void PreferFastestAttention(c10::Device device, const AttentionShape& shape);

// Computes attention: queries [B, heads, n, D], keys and values [B, heads, m, D] → [B, heads, n, D]. `scale` is D^-0.5
// where it is absent. Throws c10::Error.
at::Tensor FastestAttention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                            std::optional<double> scale = std::nullopt);

// Keeps the order of each device, and lends libtorch's one order to whoever calls.
class AttentionOrders {
 public:
  using Order = std::vector<at::SDPBackend>;  // of the fused kernels, the first one first

  // Sets the order of `device` to that which was found for the same kind and shape, or to what `find` returns; that may
  // leave libtorch with any order. Where `find` throws, nothing is set.
  void Prefer(c10::Device device, const std::string& kind, const AttentionShape& shape,
              absl::FunctionRef<Order()> find);

  // Calls `attend` while libtorch has the order of `device`: its own one where none was set.
  at::Tensor With(c10::Device device, absl::FunctionRef<at::Tensor()> attend);

 private:
  using Kind = std::tuple<std::string, int64_t, int64_t, c10::ScalarType>;

  absl::Mutex mutex_;  // held while libtorch's order is lent
  std::map<Kind, Order> found_ ABSL_GUARDED_BY(mutex_);
  std::map<c10::DeviceIndex, Order> orders_ ABSL_GUARDED_BY(mutex_);
  const std::vector<int64_t> own_ = OwnOrder();  // libtorch's, before any was set

  static std::vector<int64_t> OwnOrder();
};

}  // namespace ruyi
