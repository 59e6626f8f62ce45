// Simulates a fleet of devices on a fake clock: jobs arrive, devices claim them from a store of jobs by its own rules
// and take the time that each job says. No time passes but the clock's. Before it: the tests of fairness, and
// ruyi-fleet-simulation. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "core/store/memory/memory_job_store.h"
#include "tests/support/fake_clock.h"

namespace ruyi {

// A job as it comes to the fleet.
struct SimulatedJob {
  absl::Duration arrival;
  std::string tenant;
  Priority priority = Priority::kNormal;
  absl::Duration predicted;
  absl::Duration actual;  // how long a device has it
};

// A job that a device has taken.
struct SimulatedStart {
  int job = 0;  // its index
  absl::Duration time;
};

class Fleet {
 public:
  // `jobs` must be in the order of their arrivals.
  Fleet(int devices, std::vector<SimulatedJob> jobs);

  // Lets time pass up to `end`, or until all jobs have ended. To be called once.
  void Run(absl::Duration end);

  const std::vector<SimulatedJob>& jobs() const { return jobs_; }
  // Returns what was taken, in order.
  const std::vector<SimulatedStart>& starts() const { return starts_; }
  // Returns the part of the devices' time up to `end` of Run that they have worked.
  double busy_share() const;
  // Returns the most jobs that have waited at once.
  int longest_queue() const { return longest_queue_; }
  // Returns the most calls of Create, Claim and Finish that changed something in one second.
  int most_changes_in_a_second() const;
  MemoryJobStore& store() { return store_; }

 private:
  struct Work {
    absl::Duration end;
    Lease lease;
  };
  struct EndsLater {
    bool operator()(const std::unique_ptr<Work>& a, const std::unique_ptr<Work>& b) const { return a->end > b->end; }
  };

  void AdvanceTo(absl::Duration time);
  void Arrive();
  void Finish();
  void ClaimAll();
  void CountChange() { ++changes_[absl::ToInt64Seconds(now_)]; }

  const int devices_;
  const std::vector<SimulatedJob> jobs_;
  FakeClock clock_;
  MemoryJobStore store_;
  absl::Duration now_;
  absl::Duration end_;
  size_t next_ = 0;                             // of jobs_ to arrive
  std::vector<std::unique_ptr<Work>> working_;  // a heap, the first end first
  std::vector<SimulatedStart> starts_;
  std::map<int64_t, int> changes_;  // by second
  absl::Duration worked_;
  int waiting_ = 0;
  int longest_queue_ = 0;
};

}  // namespace ruyi
