#include "core/base/change_hub.h"

#include <vector>

namespace ruyi {

// The slot's own lock makes the end of a subscription wait for a call that is under way.
struct ChangeHub::Slot {
  absl::Mutex mutex;
  Listener listener ABSL_GUARDED_BY(mutex);

  void Call() {
    absl::MutexLock lock(&mutex);
    if (listener)
      listener();
  }

  void End() {
    absl::MutexLock lock(&mutex);
    listener = nullptr;
  }
};

class ChangeHub::Entry final : public Subscription {
 public:
  Entry(ChangeHub& hub, std::string name, std::shared_ptr<Slot> slot)
      : hub_(hub), name_(std::move(name)), slot_(std::move(slot)) {}

  ~Entry() override {
    hub_.Remove(name_, slot_.get());
    slot_->End();
  }

 private:
  ChangeHub& hub_;
  const std::string name_;
  const std::shared_ptr<Slot> slot_;
};

std::unique_ptr<Subscription> ChangeHub::Subscribe(std::string name, Listener listener) {
  auto slot = std::make_shared<Slot>();
  {
    absl::MutexLock lock(&slot->mutex);
    slot->listener = std::move(listener);
  }
  absl::MutexLock lock(&mutex_);
  slots_.emplace(name, slot);
  return std::make_unique<Entry>(*this, std::move(name), std::move(slot));
}

void ChangeHub::Notify(const std::string& name) {
  std::vector<std::shared_ptr<Slot>> called;
  {
    absl::MutexLock lock(&mutex_);
    for (const std::string& key : {name, std::string()}) {
      const auto [begin, end] = slots_.equal_range(key);
      for (auto slot = begin; slot != end; ++slot)
        called.push_back(slot->second);
      if (name.empty())
        break;
    }
  }
  for (const std::shared_ptr<Slot>& slot : called)
    slot->Call();
}

void ChangeHub::NotifyAll() {
  std::vector<std::shared_ptr<Slot>> called;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [name, slot] : slots_)
      called.push_back(slot);
  }
  for (const std::shared_ptr<Slot>& slot : called)
    slot->Call();
}

void ChangeHub::Remove(const std::string& name, const Slot* slot) {
  absl::MutexLock lock(&mutex_);
  const auto [begin, end] = slots_.equal_range(name);
  for (auto found = begin; found != end; ++found) {
    if (found->second.get() == slot) {
      slots_.erase(found);
      return;
    }
  }
}

}  // namespace ruyi
