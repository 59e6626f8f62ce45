// Tests what every JobStore does: core/store/job_store.h, sentence by sentence. The tests lie in
// job_store_conformance_*.cc; each store runs them with INSTANTIATE_TEST_SUITE_P. They look at the store alone, so that
// it may lie anywhere.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "core/store/job_store.h"
#include "tests/core/store/test_jobs.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {

// A kind of store, and the place where one of it lies.
class StorePlace {
 public:
  virtual ~StorePlace() = default;

  // Opens what lies there; nothing did before the first call. `clock` outlives the store.
  virtual std::unique_ptr<JobStore> Open(const JobStoreOptions& options, const Clock& clock) = 0;

  // Returns true when another Open finds what was there, once the store is destroyed.
  virtual bool IsLasting() const = 0;

  // Is called when the stores' clock is turned. A store that also goes by another clock lets time pass there too.
  virtual void LetTimePass(absl::Duration /*duration*/) {}
};

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<StorePlace>()> make;
};

inline void PrintTo(const StoreKind& kind, std::ostream* out) {
  *out << kind.name;
}

class JobStoreConformance : public testing::TestWithParam<StoreKind> {
 protected:
  JobStoreConformance() { Reopen(); }

  JobStore& store() { return *store_; }

  void Reopen() {
    store_.reset();
    store_ = place_->Open(options_, clock_);
  }

  void Pass(absl::Duration duration) {
    clock_.Advance(duration);
    place_->LetTimePass(duration);
  }

  // Most tests begin with these; each fails the test when it fails.
  void Create(const std::string& id) { Create(TestNewJob(id)); }
  void Create(const NewJob& job) { ASSERT_THAT(store().Create(job), IsOk()); }
  Lease Claim() {
    const absl::StatusOr<std::optional<Lease>> lease = store().Claim("worker", kLease);
    EXPECT_THAT(lease, IsOk());
    EXPECT_TRUE(lease.ok() && lease->has_value()) << "nothing waits";
    return lease.ok() && lease->has_value() ? **lease : Lease();
  }
  Lease CreateAndClaim(const std::string& id) {
    Create(id);
    return Claim();
  }
  void CreateAndFinish(const std::string& id, const JobEvent& last) {
    ASSERT_THAT(store().Finish(CreateAndClaim(id), last), IsOk());
  }
  JobRecord Get(const std::string& id) {
    const absl::StatusOr<JobRecord> record = store().Get(id);
    EXPECT_THAT(record, IsOk());
    return record.value_or(JobRecord());
  }
  std::vector<LoggedEvent> Log(const std::string& id) {
    const absl::StatusOr<std::vector<LoggedEvent>> log = store().Read(id, 0, 1000);
    EXPECT_THAT(log, IsOk());
    return log.value_or(std::vector<LoggedEvent>());
  }
  std::vector<std::string> ListIds(const JobFilter& filter) {
    std::vector<std::string> ids;
    const absl::StatusOr<JobPage> page = store().List(filter, 1000, "");
    EXPECT_THAT(page, IsOk());
    for (const JobRecord& job : page.value_or(JobPage()).jobs)
      ids.push_back(job.ticket.id);
    return ids;
  }
  // Opens the store again with `quota`, a JSON object, for the tenant "film".
  void LimitFilm(const std::string& quota) {
    const TemporaryFolder folder(" quotas");
    std::ofstream(folder.path() / "quotas.json") << R"({"tenants": {"film": )" << quota << "}}";
    const auto quotas = std::make_shared<Quotas>(folder.path() / "quotas.json");
    ASSERT_THAT(quotas->Reload(), IsOk());
    options_.quotas = quotas;
    Reopen();
  }
  std::vector<std::string> ClaimAll() {
    std::vector<std::string> ids;
    for (int waiting = store().Counts()->waiting; waiting > 0; --waiting)
      ids.push_back(Claim().job_id);
    return ids;
  }

  static constexpr absl::Duration kLease = absl::Seconds(30);
  static constexpr absl::Duration kOverLease = absl::Seconds(31);

  // Larger than what any test but those of the capacity needs.
  JobStoreOptions options_ = {.queue_capacity = 2000};
  FakeClock clock_;
  std::unique_ptr<StorePlace> place_ = GetParam().make();

 private:
  std::unique_ptr<JobStore> store_;
};

inline std::string NameOfKind(const testing::TestParamInfo<StoreKind>& info) {
  return info.param.name;
}

MATCHER(IsLeaseLost, "says that the lease is lost") {
  return testing::ExplainMatchResult(testing::AllOf(StatusIs(absl::StatusCode::kAborted), HasReason("LEASE_LOST")),
                                     StatusOf(arg), result_listener);
}

template <typename Event>
bool Is(const LoggedEvent& entry) {
  return std::holds_alternative<Event>(entry.event);
}

}  // namespace ruyi
