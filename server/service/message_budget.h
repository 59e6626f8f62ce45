// Bounds the memory of all requests that are under way together: each call takes a share for its message. Before it:
// received_message.h. After it: video_service.h. Thread-safe; it must outlive its shares.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace ruyi {

class MessageBudget {
 public:
  // A part of the budget, which goes back with the share. Not thread-safe.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept { *this = std::move(other); }
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (budget_ != nullptr)
        budget_->taken_ -= bytes_;
    }

    // Returns false where the budget had too little.
    explicit operator bool() const { return budget_ != nullptr; }

   private:
    friend class MessageBudget;
    Share(MessageBudget* budget, int64_t bytes) : budget_(budget), bytes_(bytes) {}

    MessageBudget* budget_ = nullptr;
    int64_t bytes_ = 0;
  };

  explicit MessageBudget(int64_t bytes) : bytes_(bytes) {}

  // Takes so many bytes, or none when they are not there.
  Share Take(int64_t bytes) {
    if (taken_.fetch_add(bytes) + bytes <= bytes_)
      return Share(this, bytes);
    taken_ -= bytes;
    return Share();
  }

 private:
  const int64_t bytes_;
  std::atomic<int64_t> taken_ = 0;
};

}  // namespace ruyi
