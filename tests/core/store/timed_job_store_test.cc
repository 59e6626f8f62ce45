#include "core/store/timed_job_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/store/memory/memory_job_store.h"
#include "tests/core/store/job_store_conformance.h"
#include "tests/core/store/test_jobs.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::Pair;

class TimedPlace final : public StorePlace {
 public:
  std::unique_ptr<JobStore> Open(const JobStoreOptions& options, const Clock& clock) override {
    memory_ = std::make_unique<MemoryJobStore>(options, clock);
    return std::make_unique<TimedJobStore>(*memory_, clock, [](std::string_view, absl::Duration) {});
  }
  bool IsLasting() const override { return false; }

 private:
  std::unique_ptr<MemoryJobStore> memory_;
};

INSTANTIATE_TEST_SUITE_P(Timed, JobStoreConformance,
                         testing::Values(StoreKind{"TimedJobStore", [] { return std::make_unique<TimedPlace>(); }}),
                         NameOfKind);

class TimedJobStoreTest : public testing::Test {
 protected:
  FakeClock clock_;
  MemoryJobStore memory_{JobStoreOptions(), clock_};
  std::vector<std::pair<std::string, absl::Duration>> told_;
  TimedJobStore store_{memory_, clock_, [this](std::string_view operation, absl::Duration took) {
                         told_.emplace_back(operation, took);
                       }};
};

TEST_F(TimedJobStoreTest, TellsWhatAnOperationTook) {
  const std::unique_ptr<Subscription> slow = memory_.Subscribe("a", [this] { clock_.Advance(absl::Seconds(2)); });
  ASSERT_THAT(store_.Create(TestNewJob("a")), IsOk());
  ASSERT_THAT(store_.Get("a"), IsOk());
  EXPECT_THAT(told_, ElementsAre(Pair("create", absl::Seconds(2)), Pair("get", absl::ZeroDuration())));
}

TEST_F(TimedJobStoreTest, TellsOfOperationsThatFail) {
  EXPECT_THAT(store_.Get("a"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(told_, ElementsAre(Pair("get", absl::ZeroDuration())));
}

TEST_F(TimedJobStoreTest, LeavesOutWhatAsksNoDatabase) {
  EXPECT_THAT(store_.Reachable(), IsOk());
  const std::unique_ptr<Subscription> none = store_.Subscribe("a", [] {});
  EXPECT_THAT(told_, ElementsAre());
}

}  // namespace
}  // namespace ruyi
