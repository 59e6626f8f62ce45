// A PostgresJobStore in a schema of its own, for the tests of stores. Not thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/store/postgres/postgres_job_store.h"
#include "tests/core/store/job_store_conformance.h"
#include "tests/support/postgres_cluster.h"

namespace ruyi {

class PostgresPlace final : public StorePlace {
 public:
  std::unique_ptr<JobStore> Open(const JobStoreOptions& options, const Clock& clock) override {
    auto store = PostgresJobStore::Open(url_, {.jobs = options}, clock);
    EXPECT_THAT(store, IsOk());
    return store.ok() ? *std::move(store) : nullptr;
  }
  bool IsLasting() const override { return true; }

  // Nobody turns the database's clock: the leases come nearer instead.
  void LetTimePass(absl::Duration duration) override {
    PostgresCluster::Run(url_, absl::StrCat("UPDATE leases SET until = until - interval '",
                                            absl::ToInt64Milliseconds(duration), " milliseconds'"));
  }

  const std::string& url() const { return url_; }

 private:
  const std::string url_ = PostgresCluster::Shared().NewSchema();
};

}  // namespace ruyi
