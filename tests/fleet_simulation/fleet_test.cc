// What tenants and priorities get of a fleet, with the store's own rules: core/store/fair_share.h.
#include "tests/fleet_simulation/fleet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace ruyi {
namespace {

constexpr absl::Duration kLong = absl::Hours(24 * 365);

SimulatedJob JobOf(const std::string& tenant, absl::Duration arrival, int seconds,
                   Priority priority = Priority::kNormal) {
  return {.arrival = arrival,
          .tenant = tenant,
          .priority = priority,
          .predicted = absl::Seconds(seconds),
          .actual = absl::Seconds(seconds)};
}

void SortByArrival(std::vector<SimulatedJob>& jobs) {
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const SimulatedJob& a, const SimulatedJob& b) { return a.arrival < b.arrival; });
}

// Returns how many jobs of each tenant began between the arrival of a job and its own beginning.
std::map<std::string, int> PassedBefore(const SimulatedStart& start, const Fleet& fleet) {
  std::map<std::string, int> passed;
  for (const SimulatedStart& other : fleet.starts()) {
    if (other.time > fleet.jobs()[start.job].arrival && other.time < start.time)
      ++passed[fleet.jobs()[other.job].tenant];
  }
  return passed;
}

// Ten tenants with 1,000 jobs each on 8 devices, and some that come later with a single job.
TEST(Fleet, ATenantWithManyJobsDelaysAnothersFirstByAtMostOne) {
  constexpr int kLate = 10;
  std::vector<SimulatedJob> jobs;
  for (int i = 0; i < 10'000; ++i)
    jobs.push_back(JobOf(absl::StrCat("many ", i % 10), absl::ZeroDuration(), 20 + i % 7));
  for (int i = 0; i < kLate; ++i)
    jobs.push_back(JobOf(absl::StrCat("late ", i), absl::Seconds(1001 + 1013 * i), 20));
  Fleet fleet(8, jobs);
  fleet.Run(kLong);
  ASSERT_EQ(fleet.starts().size(), jobs.size());
  int late = 0;
  for (const SimulatedStart& start : fleet.starts()) {
    if (!fleet.jobs()[start.job].tenant.starts_with("late"))
      continue;
    ++late;
    for (const auto& [tenant, passed] : PassedBefore(start, fleet))
      EXPECT_LE(passed, 1) << tenant << " before " << fleet.jobs()[start.job].tenant;
  }
  EXPECT_EQ(late, kLate);
}

// One device and one tenant that has filled the queue: what is being made is all that another waits for, and one more.
TEST(Fleet, AnothersFirstJobWaitsForTheDeviceAndOneJob) {
  std::vector<SimulatedJob> jobs;
  for (int i = 0; i < 1000; ++i)
    jobs.push_back(JobOf("many", absl::ZeroDuration(), 20));
  for (int i = 0; i < 50; ++i)
    jobs.push_back(JobOf(absl::StrCat("late ", i), absl::Seconds(101 + 200 * i), 20));
  Fleet fleet(1, jobs);
  fleet.Run(kLong);
  for (const SimulatedStart& start : fleet.starts()) {
    const SimulatedJob& job = fleet.jobs()[start.job];
    if (job.tenant == "many")
      continue;
    EXPECT_LE(start.time - job.arrival, absl::Seconds(2 * 20)) << job.tenant;
  }
}

// Five tenants whose jobs take 10 to 50 seconds, and who always have some.
TEST(Fleet, TenantsShareByPredictedTimeHoweverLongTheirJobsAre) {
  constexpr int kDevices = 8;
  std::vector<SimulatedJob> jobs;
  for (int i = 0; i < 10'000; ++i)
    jobs.push_back(JobOf(absl::StrCat(i % 5), absl::ZeroDuration(), 10 + 10 * (i % 5)));
  Fleet fleet(kDevices, jobs);
  fleet.Run(absl::Seconds(9000));
  std::map<std::string, double> given;
  for (const SimulatedStart& start : fleet.starts())
    given[fleet.jobs()[start.job].tenant] += absl::ToDoubleSeconds(fleet.jobs()[start.job].predicted);
  ASSERT_EQ(given.size(), 5u);
  const auto [least, most] =
      std::minmax_element(given.begin(), given.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  EXPECT_GT(least->second, 10'000);
  EXPECT_LE(most->second - least->second, 2 * 50);
  EXPECT_GT(fleet.busy_share(), 0.99);
}

// A busy fleet, to which three tenants send jobs of all priorities for a day.
TEST(Fleet, PrioritiesCountInsideATenantAndNobodyStarves) {
  std::mt19937 random(7);
  std::vector<SimulatedJob> jobs;
  for (int i = 0; i < 10'000; ++i) {
    const auto arrival = absl::Seconds(static_cast<int>(random() % 80'000));
    jobs.push_back(JobOf(absl::StrCat(random() % 3), arrival, 30 + static_cast<int>(random() % 60),
                         static_cast<Priority>(random() % 3)));
  }
  SortByArrival(jobs);
  Fleet fleet(6, jobs);
  fleet.Run(kLong);
  ASSERT_EQ(fleet.starts().size(), jobs.size());
  std::map<Priority, double> waited;  // in the mean
  std::map<Priority, int> count;
  std::map<std::string, std::vector<int>> orders;
  for (const SimulatedStart& start : fleet.starts()) {
    const SimulatedJob& job = fleet.jobs()[start.job];
    ++count[job.priority];
    waited[job.priority] +=
        (absl::ToDoubleSeconds(start.time - job.arrival) - waited[job.priority]) / count[job.priority];
    orders[job.tenant].push_back(start.job);
  }
  EXPECT_LT(waited[Priority::kHigh], waited[Priority::kNormal]);
  EXPECT_LT(waited[Priority::kNormal], waited[Priority::kLow]);
  for (const auto& [tenant, order] : orders) {
    for (size_t i = 0; i < order.size(); ++i) {
      const auto overtaken_by = std::count_if(order.begin(), order.begin() + static_cast<ptrdiff_t>(i),
                                              [&](int earlier) { return earlier > order[i]; });
      // Numbers count all tenants' jobs, so that fewer than that are the tenant's own.
      ASSERT_LE(overtaken_by, 2 * JobStore::kHeadStart) << tenant;
    }
  }
}

TEST(Fleet, WithOneTenantTheOrderIsThatOfArrival) {
  std::vector<SimulatedJob> jobs;
  for (int i = 0; i < 1000; ++i)
    jobs.push_back(JobOf("one", absl::Seconds(i), 10 + i % 13));
  Fleet fleet(3, jobs);
  fleet.Run(kLong);
  ASSERT_EQ(fleet.starts().size(), jobs.size());
  for (size_t i = 0; i < jobs.size(); ++i)
    ASSERT_EQ(fleet.starts()[i].job, static_cast<int>(i));
}

}  // namespace
}  // namespace ruyi
