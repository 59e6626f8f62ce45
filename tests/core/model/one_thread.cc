// Sets one thread of computation. Linked into programs that test small models. At layers this small several threads
// gain nothing, and where other programs keep the cores busy they take ten times as long, even if they sleep while they
// wait (core/tensor/passive_openmp.cc).
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

namespace ruyi {
namespace {

class OneThread final : public testing::Environment {
  void SetUp() override { at::set_num_threads(1); }
};

[[maybe_unused]] const testing::Environment* const kOneThread = testing::AddGlobalTestEnvironment(new OneThread);

}  // namespace
}  // namespace ruyi
