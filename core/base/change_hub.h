// Tells listeners that the thing of some name has changed. It does not say what changed: a listener looks for itself.
// So a listener may be called without a change, but after every change it is called. Used by the stores of jobs and of
// artifacts. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ruyi {

// Stands for one listener. Once it is destroyed, the listener is not called any more. Must not be destroyed by the
// listener itself.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

class ChangeHub {
 public:
  using Listener = std::function<void()>;

  // Calls `listener` after each change of `name`; an empty name means every change. It is called on the thread that
  // made the change, with no lock held but the listener's own, and must not block. The hub must outlive the
  // subscription.
  std::unique_ptr<Subscription> Subscribe(std::string name, Listener listener);

  // Calls the listeners of `name` and those of every change. Must be called without locks that a listener takes.
  void Notify(const std::string& name);

  // Calls all listeners, where nobody knows what has changed. Must be called as Notify.
  void NotifyAll();

 private:
  class Entry;
  struct Slot;

  void Remove(const std::string& name, const Slot* slot);

  absl::Mutex mutex_;
  std::multimap<std::string, std::shared_ptr<Slot>> slots_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
