#include "server/app/fate.h"

#include <string>

#include "server/app/log.h"

namespace ruyi {

int Fate::OnSignal(int signal) {
  Log(LogLevel::kInfo, "signal", {{"number", signal}});
  absl::MutexLock lock(&mutex_);
  return ++signals_;
}

void Fate::OnLoaded(const absl::Status& status) {
  if (status.ok())
    return Log(LogLevel::kInfo, "ready");
  Log(LogLevel::kError, "model_not_loaded", {{"message", std::string(status.message())}});
  absl::MutexLock lock(&mutex_);
  load_failed_ = true;
}

void Fate::OnWorkerLost(const absl::Status& why) {
  Log(LogLevel::kError, "worker_lost", {{"message", std::string(why.message())}});
  absl::MutexLock lock(&mutex_);
  worker_lost_ = true;
}

void Fate::Await() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &Fate::IsSealed));
}

bool Fate::worker_lost() const {
  absl::MutexLock lock(&mutex_);
  return worker_lost_;
}

int Fate::exit_code() const {
  absl::MutexLock lock(&mutex_);
  if (worker_lost_)
    return kExitWorkerLost;
  return load_failed_ ? kExitCannotStart : kExitStopped;
}

}  // namespace ruyi
