// Makes calls to a store again while it is away, within the time of a lease: an outage of seconds costs a job nothing.
// Before it: core/worker/job_run. After it: the artifact store. Thread-safe if the functions of its options are.
#pragma once

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/wake_up.h"

namespace ruyi {

// Returns true for UNAVAILABLE STORE_UNAVAILABLE: the call may be made again later.
bool IsStoreAway(const absl::Status& status);

class Patience {
 public:
  struct Options {
    const Clock* clock = nullptr;            // must outlive it
    absl::Duration limit;                    // of one call
    std::function<absl::Status()> may_wait;  // an error ends the wait, and is what the call ends with
    std::function<void(const absl::Status&)> on_first_failure;  // of a call
  };

  explicit Patience(Options options) : options_(std::move(options)) {}

  // Returns what `call` returns, an absl::Status or absl::StatusOr, once that is not that the storage is away; or that,
  // when the limit is over. Blocks.
  template <typename Call>
  auto Persist(const Call& call) const {
    const absl::Duration give_up = options_.clock->Elapsed() + options_.limit;
    auto result = call();
    if (IsStoreAway(StatusOf(result)))
      options_.on_first_failure(StatusOf(result));
    while (IsStoreAway(StatusOf(result)) && options_.clock->Elapsed() < give_up) {
      if (absl::Status ended = options_.may_wait(); !ended.ok())
        return decltype(result)(std::move(ended));
      WakeUp().Wait(kInterval);
      result = call();
    }
    return result;
  }

 private:
  static constexpr absl::Duration kInterval = absl::Milliseconds(200);

  static const absl::Status& StatusOf(const absl::Status& status) { return status; }
  template <typename T>
  static const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
    return result.status();
  }

  const Options options_;
};

}  // namespace ruyi
