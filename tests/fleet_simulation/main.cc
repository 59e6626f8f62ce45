// Simulates a day of a large fleet and prints what tenants waited and what a database would have had to do:
// docs/scale.md is written from what it prints. Always the same jobs.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/fleet_simulation/fleet.h"

namespace ruyi {
namespace {

constexpr int kDevices = 1000;
constexpr int kBacklog = 100'000;
constexpr int kTenants = 24;
constexpr absl::Duration kDay = absl::Hours(24);
constexpr double kArrivalsPerSecond = 3.4;  // of all tenants but the one with the backlog, in the mean of the day

using Random = std::mt19937_64;

// A video of the model's usual sizes takes from half a minute to a quarter of an hour; predictions are off by some per
// cent.
SimulatedJob JobAt(absl::Duration arrival, std::string tenant, Priority priority, Random& random) {
  std::lognormal_distribution<double> length(std::log(180), 0.7);
  std::normal_distribution<double> error(1.0, 0.08);
  const double seconds = std::clamp(length(random), 20.0, 900.0);
  return {.arrival = arrival,
          .tenant = std::move(tenant),
          .priority = priority,
          .predicted = absl::Seconds(seconds),
          .actual = absl::Seconds(seconds * std::clamp(error(random), 0.7, 1.3))};
}

Priority DrawPriority(Random& random) {
  const uint64_t draw = random() % 10;
  return draw < 2 ? Priority::kHigh : draw < 8 ? Priority::kNormal : Priority::kLow;
}

// How many arrive at a time of the day, as a part of the mean: much in the afternoon, little at night.
double CurveAt(absl::Duration time) {
  return 1 - 0.6 * std::cos(2 * M_PI * absl::ToDoubleHours(time) / 24);
}

// One tenant fills the queue in the first minute; the others come by the time of day, each now and then with a burst.
std::vector<SimulatedJob> JobsOfADay() {
  Random random(1);
  std::vector<SimulatedJob> jobs;
  for (int i = 0; i < kBacklog; ++i)
    jobs.push_back(JobAt(absl::Milliseconds(i * 60'000LL / kBacklog), "archive", Priority::kLow, random));
  std::uniform_real_distribution<double> part(0, 1);
  for (absl::Duration time; time < kDay; time += absl::Seconds(1)) {
    std::poisson_distribution<int> arrivals(0.8 * kArrivalsPerSecond * CurveAt(time));
    for (int left = arrivals(random); left > 0; --left)
      jobs.push_back(JobAt(time, absl::StrCat("team-", random() % kTenants), DrawPriority(random), random));
    if (part(random) > 0.2 * kArrivalsPerSecond * CurveAt(time) / 500)
      continue;
    const std::string tenant = absl::StrCat("team-", random() % kTenants);  // 500 at once
    for (int left = 500; left > 0; --left)
      jobs.push_back(JobAt(time, tenant, Priority::kNormal, random));
  }
  std::stable_sort(jobs.begin(), jobs.end(), [](const auto& a, const auto& b) { return a.arrival < b.arrival; });
  return jobs;
}

struct Waits {
  std::vector<double> seconds;

  double At(double part) {
    std::sort(seconds.begin(), seconds.end());
    return seconds[static_cast<size_t>(part * (seconds.size() - 1))];
  }
};

void PrintWaits(const char* kind, const std::string& name, Waits waits) {
  std::printf("| %s | %s | %zu | %.0f | %.0f | %.0f |\n", kind, name.c_str(), waits.seconds.size(), waits.At(0.5),
              waits.At(0.95), waits.At(1));
}

void PrintWaits(const Fleet& fleet) {
  constexpr const char* kPriorities[] = {"low", "normal", "high"};
  std::map<std::string, Waits> by_tenant;
  std::map<std::string, Waits> by_priority;
  for (const SimulatedStart& start : fleet.starts()) {
    const SimulatedJob& job = fleet.jobs()[start.job];
    const double waited = absl::ToDoubleSeconds(start.time - job.arrival);
    by_tenant[job.tenant].seconds.push_back(waited);
    if (job.tenant != "archive")
      by_priority[kPriorities[static_cast<int>(job.priority)]].seconds.push_back(waited);
  }
  std::printf("| | | jobs | median wait, s | 95 %%, s | most, s |\n| --- | --- | --- | --- | --- | --- |\n");
  for (auto& [name, waits] : by_tenant)
    PrintWaits("tenant", name, waits);
  for (auto& [name, waits] : by_priority)
    PrintWaits("priority, without archive", name, waits);
}

void Simulate() {
  const auto begin = std::chrono::steady_clock::now();
  Fleet fleet(kDevices, JobsOfADay());
  fleet.Run(kDay);
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("devices %d, tenants %d, jobs that came %zu, jobs that began %zu, longest queue %d\n", kDevices,
              kTenants + 1, fleet.jobs().size(), fleet.starts().size(), fleet.longest_queue());
  std::printf("devices were busy %.2f %% of the day\n", 100 * fleet.busy_share());
  std::printf("creates, claims and ends: %.1f a second in the mean, %d in the busiest second\n",
              (fleet.jobs().size() + 2.0 * fleet.starts().size()) / absl::ToDoubleSeconds(kDay),
              fleet.most_changes_in_a_second());
  std::printf("%.1f s of real time, %.0f changes of the store in each of them\n\n", took,
              (fleet.jobs().size() + 2.0 * fleet.starts().size()) / took);
  PrintWaits(fleet);
}

}  // namespace
}  // namespace ruyi

int main() {
  ruyi::Simulate();
  return 0;
}
