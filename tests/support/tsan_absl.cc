// Tells ThreadSanitizer what absl's synchronisation does (docs/adr/0004): Debian's absl is not built for it, so that
// every absl::Mutex would look like a race. The linker sends calls of the members named in CMakeLists.txt to the
// functions of namespace wrapped here, which annotate them. Used only in the tests of a TSan build. Thread-safe.
//
// Between pre_lock and post_lock, and pre_unlock and post_unlock, TSan ignores what the thread does: absl may evaluate
// there the conditions of other threads that wait.
#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace ruyi {

using absl::Condition;
using absl::Duration;
using absl::Mutex;
using absl::Notification;

namespace real {

void Lock(Mutex* mutex) asm("__real__ZN4absl7debian35Mutex4LockEv");
void Unlock(Mutex* mutex) asm("__real__ZN4absl7debian35Mutex6UnlockEv");
bool AwaitWithTimeout(Mutex* mutex, const Condition& condition, Duration timeout) asm(
    "__real__ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
void Destroy(Mutex* mutex) asm("__real__ZN4absl7debian35MutexD1Ev");
void Notify(Notification* notification) asm("__real__ZN4absl7debian312Notification6NotifyEv");
void WaitFor(const Notification* notification) asm("__real__ZNK4absl7debian312Notification19WaitForNotificationEv");

}  // namespace real

namespace wrapped {

void Lock(Mutex* mutex) asm("__wrap__ZN4absl7debian35Mutex4LockEv");
void Unlock(Mutex* mutex) asm("__wrap__ZN4absl7debian35Mutex6UnlockEv");
void LockWhen(Mutex* mutex, const Condition& condition) asm("__wrap__ZN4absl7debian35Mutex8LockWhenERKNS0_9ConditionE");
void Await(Mutex* mutex, const Condition& condition) asm("__wrap__ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE");
bool AwaitWithTimeout(Mutex* mutex, const Condition& condition, Duration timeout) asm(
    "__wrap__ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
void Destroy(Mutex* mutex) asm("__wrap__ZN4absl7debian35MutexD1Ev");
void Notify(Notification* notification) asm("__wrap__ZN4absl7debian312Notification6NotifyEv");
void WaitFor(const Notification* notification) asm("__wrap__ZNK4absl7debian312Notification19WaitForNotificationEv");

void Lock(Mutex* mutex) {
  __tsan_mutex_pre_lock(mutex, 0);
  real::Lock(mutex);
  __tsan_mutex_post_lock(mutex, 0, 0);
}

void Unlock(Mutex* mutex) {
  __tsan_mutex_pre_unlock(mutex, 0);
  real::Unlock(mutex);
  __tsan_mutex_post_unlock(mutex, 0);
}

void LockWhen(Mutex* mutex, const Condition& condition) {
  Lock(mutex);
  Await(mutex, condition);
}

void Await(Mutex* mutex, const Condition& condition) {
  AwaitWithTimeout(mutex, condition, absl::InfiniteDuration());
}

// The condition is first evaluated here, where TSan sees what it reads; absl unlocks only when it is false.
bool AwaitWithTimeout(Mutex* mutex, const Condition& condition, Duration timeout) {
  if (condition.Eval())
    return true;
  __tsan_mutex_pre_unlock(mutex, 0);
  __tsan_mutex_post_unlock(mutex, 0);
  __tsan_mutex_pre_lock(mutex, 0);
  const bool came_true = real::AwaitWithTimeout(mutex, condition, timeout);
  __tsan_mutex_post_lock(mutex, 0, 0);
  return came_true;
}

// Mutex() of the header announced the mutex with this flag.
void Destroy(Mutex* mutex) {
  __tsan_mutex_destroy(mutex, __tsan_mutex_not_static);
  real::Destroy(mutex);
}

void Notify(Notification* notification) {
  __tsan_release(notification);
  real::Notify(notification);
}

void WaitFor(const Notification* notification) {
  real::WaitFor(notification);
  __tsan_acquire(const_cast<Notification*>(notification));
}

}  // namespace wrapped
}  // namespace ruyi
