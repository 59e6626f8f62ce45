#include "core/worker/worker.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

// The interval at which to look for jobs that no change has announced: those of other processes.
constexpr absl::Duration kPollInterval = absl::Seconds(1);

// The interval at which AwaitIdle looks at its clock, which tests turn by hand.
constexpr absl::Duration kIdleInterval = absl::Milliseconds(100);

}  // namespace

Worker::Worker(Parts parts)
    : parts_(std::move(parts)),
      changes_(parts_.tools.jobs->Subscribe("", [this] { wake_up_.Wake(); })),
      thread_([this] { Run(); }) {}

Worker::~Worker() {
  RaiseMode(Mode::kOver);
  changes_.reset();
  wake_up_.Wake();
  thread_.join();
}

void Worker::Pause() {
  RaiseMode(Mode::kPaused);
}

void Worker::HandBack() {
  RaiseMode(Mode::kHandBack);
}

void Worker::RaiseMode(Mode mode) {
  absl::MutexLock lock(&mutex_);
  mode_ = std::max(mode_, mode);
  if (run_ != nullptr && mode_ >= Mode::kHandBack)
    run_->RequestHandBack();
}

void Worker::Abandon() {
  HandBack();
  std::optional<Lease> lease;
  {
    absl::MutexLock lock(&mutex_);
    lease = lease_;
  }
  if (lease.has_value())
    parts_.tools.jobs->HandBack(*lease).IgnoreError();  // it may have ended meanwhile
}

bool Worker::IsIdle() const {
  absl::MutexLock lock(&mutex_);
  return run_ == nullptr && !is_claiming_;
}

WorkerStatus Worker::status() const {
  WorkerStatus status = {.name = parts_.tools.name,
                         .device = parts_.tools.device,
                         .job_id = std::nullopt,
                         .budget_bytes = parts_.pipeline->memory_budget(),
                         .available = parts_.pipeline->AvailableMemory()};
  absl::MutexLock lock(&mutex_);
  if (lease_.has_value())
    status.job_id = lease_->job_id;
  return status;
}

// Waits without absl::Mutex, whose timeouts go by the time of day.
bool Worker::AwaitIdle(absl::Duration timeout) const {
  const Clock& clock = *parts_.tools.clock;
  const absl::Duration give_up = clock.Elapsed() + timeout;
  while (!IsIdle()) {
    const absl::Duration left = give_up - clock.Elapsed();
    if (left <= absl::ZeroDuration())
      return false;
    idle_.Wait(std::min(left, kIdleInterval));
  }
  return true;
}

void Worker::Run() {
  while (true) {
    const absl::StatusOr<std::optional<Lease>> lease = Claim();
    if (lease.ok() && lease->has_value()) {
      if (!WorkOn(**lease))
        return;
      continue;
    }
    if (!lease.ok())
      parts_.tools.on_trouble(lease.status());
    wake_up_.Wait(kPollInterval);
    absl::MutexLock lock(&mutex_);
    if (mode_ == Mode::kOver)
      return;
  }
}

// While a worker claims it is not idle: it may be given a job after all.
absl::StatusOr<std::optional<Lease>> Worker::Claim() {
  {
    absl::MutexLock lock(&mutex_);
    if (mode_ != Mode::kWork)
      return std::nullopt;
    is_claiming_ = true;
  }
  absl::StatusOr<std::optional<Lease>> lease = parts_.tools.jobs->Claim(parts_.tools.name, parts_.tools.lease);
  if (!lease.ok() || !lease->has_value()) {
    absl::MutexLock lock(&mutex_);
    is_claiming_ = false;
    idle_.Wake();
  }
  return lease;
}

// Returns whether the worker can go on.
bool Worker::WorkOn(const Lease& lease) {
  JobRun run(lease, parts_.tools);
  SetRun(&run, lease);
  const absl::Status status = run.Run(*parts_.pipeline);
  SetRun(nullptr, std::nullopt);
  const std::string why = GetErrorInfo(status).reason;
  if (why != reason::kGpuFault && why != reason::kModelChanged)
    return true;
  parts_.on_lost(status);
  return false;
}

void Worker::SetRun(JobRun* run, std::optional<Lease> lease) {
  absl::MutexLock lock(&mutex_);
  is_claiming_ = false;
  run_ = run;
  lease_ = std::move(lease);
  if (run_ == nullptr)
    idle_.Wake();
  else if (mode_ >= Mode::kHandBack)
    run_->RequestHandBack();
}

}  // namespace ruyi
