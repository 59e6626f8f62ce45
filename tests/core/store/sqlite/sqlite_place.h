// An SqliteJobStore in a temporary folder, for the tests of stores. Not thread-safe.
#pragma once

#include <memory>

#include "core/store/sqlite/sqlite_job_store.h"
#include "tests/core/store/job_store_conformance.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {

class SqlitePlace final : public StorePlace {
 public:
  std::unique_ptr<JobStore> Open(const JobStoreOptions& options, const Clock& clock) override {
    auto store = SqliteJobStore::Open(folder_.path(), {.jobs = options}, clock);
    EXPECT_THAT(store, IsOk());
    return store.ok() ? *std::move(store) : nullptr;
  }
  bool IsLasting() const override { return true; }

 private:
  const TemporaryFolder folder_;
};

}  // namespace ruyi
