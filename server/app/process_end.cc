#include "server/app/process_end.h"

#include <string>

#include "server/app/log.h"

namespace ruyi {

int ProcessEnd::OnSignal(int signal) {
  Log(LogLevel::kInfo, "signal", {{"number", signal}});
  absl::MutexLock lock(&mutex_);
  return ++signals_;
}

void ProcessEnd::OnLoaded(const absl::Status& status) {
  if (status.ok())
    return Log(LogLevel::kInfo, "ready");
  Log(LogLevel::kError, "model_not_loaded", {{"message", std::string(status.message())}});
  absl::MutexLock lock(&mutex_);
  load_failed_ = true;
}

void ProcessEnd::OnWorkerLost(const absl::Status& why) {
  Log(LogLevel::kError, "worker_lost", {{"message", std::string(why.message())}});
  absl::MutexLock lock(&mutex_);
  worker_lost_ = true;
}

void ProcessEnd::OnDrain(absl::Duration patience) {
  absl::MutexLock lock(&mutex_);
  if (!patience_.has_value())
    patience_ = patience;
}

absl::Duration ProcessEnd::PatienceOr(absl::Duration usual) const {
  absl::MutexLock lock(&mutex_);
  return worker_lost_ ? absl::ZeroDuration() : patience_.value_or(usual);
}

void ProcessEnd::Await() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &ProcessEnd::IsSealed));
}

bool ProcessEnd::worker_lost() const {
  absl::MutexLock lock(&mutex_);
  return worker_lost_;
}

int ProcessEnd::exit_code() const {
  absl::MutexLock lock(&mutex_);
  if (worker_lost_)
    return kExitWorkerLost;
  return load_failed_ ? kExitCannotStart : kExitStopped;
}

}  // namespace ruyi
