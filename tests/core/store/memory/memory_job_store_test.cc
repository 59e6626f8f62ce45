#include "core/store/memory/memory_job_store.h"

#include "tests/core/store/job_store_conformance.h"

namespace ruyi {
namespace {

class MemoryPlace final : public StorePlace {
 public:
  std::unique_ptr<JobStore> Open(const JobStoreOptions& options, const Clock& clock) override {
    return std::make_unique<MemoryJobStore>(options, clock);
  }
  bool IsLasting() const override { return false; }
};

INSTANTIATE_TEST_SUITE_P(Memory, JobStoreConformance,
                         testing::Values(StoreKind{"MemoryJobStore", [] { return std::make_unique<MemoryPlace>(); }}),
                         NameOfKind);

}  // namespace
}  // namespace ruyi
