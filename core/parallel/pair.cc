#include "core/parallel/pair.h"

#include <c10/core/InferenceMode.h>

#include "core/base/exception_guard.h"

namespace ruyi {
namespace {

absl::Status RunGuarded(const std::function<absl::Status()>& work) {
  return GuardExceptions("computing a branch", [&] {
    const c10::InferenceMode no_gradients;
    return work();
  });
}

}  // namespace

Pair::Pair() : thread_([this] { Work(); }) {}

Pair::~Pair() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

absl::Status Pair::Run(const std::function<absl::Status()>& here, const std::function<absl::Status()>& beside) {
  {
    absl::MutexLock lock(&mutex_);
    work_ = &beside;
  }
  const absl::Status status = RunGuarded(here);
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &Pair::IsIdle));
  return status.ok() ? status_ : status;
}

void Pair::Work() {
  while (true) {
    const std::function<absl::Status()>* work = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &Pair::HasWork));
      if (stop_)
        return;
      work = work_;
    }
    const absl::Status status = RunGuarded(*work);
    absl::MutexLock lock(&mutex_);
    status_ = status;
    work_ = nullptr;
  }
}

}  // namespace ruyi
