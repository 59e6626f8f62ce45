#include "tests/fleet_simulation/fleet.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/core/store/test_jobs.h"

namespace ruyi {
namespace {

constexpr absl::Duration kLease = absl::Hours(24 * 365);

// A store in memory refuses nothing here; if it does, nothing that follows would mean anything.
void Check(const absl::Status& status) {
  if (status.ok())
    return;
  std::cerr << "the store refuses: " << status << "\n";
  std::abort();
}

NewJob JobOf(const SimulatedJob& job, size_t index) {
  NewJob made = TestNewJob(absl::StrCat(index), job.priority);
  made.ticket.tenant = job.tenant;
  made.advice.prediction.Of(Stage::kDenoise).seconds = absl::ToDoubleSeconds(job.predicted);
  return made;
}

}  // namespace

Fleet::Fleet(int devices, std::vector<SimulatedJob> jobs)
    : devices_(devices),
      jobs_(std::move(jobs)),
      store_({.queue_capacity = static_cast<int>(jobs_.size()) + 1}, clock_) {}

void Fleet::Run(absl::Duration end) {
  end_ = end;
  while (next_ < jobs_.size() || !working_.empty()) {
    const absl::Duration arrival = next_ < jobs_.size() ? jobs_[next_].arrival : absl::InfiniteDuration();
    const absl::Duration finish = working_.empty() ? absl::InfiniteDuration() : working_.front()->end;
    if (std::min(arrival, finish) > end)
      break;
    AdvanceTo(std::min(arrival, finish));
    if (arrival <= finish)
      Arrive();
    else
      Finish();
    ClaimAll();
  }
  for (const std::unique_ptr<Work>& work : working_)
    worked_ -= work->end > end ? work->end - end : absl::ZeroDuration();
}

double Fleet::busy_share() const {
  return absl::FDivDuration(worked_, end_ * devices_);
}

int Fleet::most_changes_in_a_second() const {
  int most = 0;
  for (const auto& [second, count] : changes_)
    most = std::max(most, count);
  return most;
}

void Fleet::AdvanceTo(absl::Duration time) {
  clock_.Advance(time - now_);
  now_ = time;
}

void Fleet::Arrive() {
  Check(store_.Create(JobOf(jobs_[next_], next_)).status());
  ++next_;
  ++waiting_;
  CountChange();
}

// What has ended is deleted, so that the memory holds those that have not.
void Fleet::Finish() {
  std::pop_heap(working_.begin(), working_.end(), EndsLater());
  const std::unique_ptr<Work> work = std::move(working_.back());
  working_.pop_back();
  Check(store_.Finish(work->lease, TestCompleted()));
  Check(store_.Delete(work->lease.job_id));
  CountChange();
}

void Fleet::ClaimAll() {
  while (static_cast<int>(working_.size()) < devices_ && waiting_ > 0) {
    absl::StatusOr<std::optional<Lease>> lease = store_.Claim("worker", kLease);
    Check(lease.status());
    if (!lease->has_value())
      return;
    int job = 0;
    if (!absl::SimpleAtoi((*lease)->job_id, &job))
      std::abort();
    starts_.push_back({.job = job, .time = now_});
    worked_ += jobs_[job].actual;
    working_.push_back(std::make_unique<Work>(Work{.end = now_ + jobs_[job].actual, .lease = **std::move(lease)}));
    std::push_heap(working_.begin(), working_.end(), EndsLater());
    --waiting_;
    CountChange();
  }
  longest_queue_ = std::max(longest_queue_, waiting_);
}

}  // namespace ruyi
