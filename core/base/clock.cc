#include "core/base/clock.h"

#include <chrono>

#include "absl/time/clock.h"

namespace ruyi {
namespace {

class RealClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
  absl::Duration Elapsed() const override {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
  absl::Time AgingTime() const override { return begin_ + (Elapsed() - begin_elapsed_); }

 private:
  const absl::Time begin_ = absl::Now();
  const absl::Duration begin_elapsed_ = Elapsed();
};

}  // namespace

const Clock& Clock::Real() {
  static const RealClock clock;
  return clock;
}

}  // namespace ruyi
