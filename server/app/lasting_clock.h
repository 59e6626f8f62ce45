// A clock whose AgingTime goes on where an earlier process left it, so that neither a step of the clock nor a restart
// makes what is kept live for ever or end at once. Before it: the clock of the machine. After it: the stores of a state
// folder. Thread-safe.
#pragma once

#include <filesystem>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"

namespace ruyi {

class LastingClock final : public Clock {
 public:
  // How often the time is kept on the disk.
  static constexpr absl::Duration kSaveInterval = absl::Minutes(10);

  // The time between two processes counts as far as the time of day tells it, but no longer than this: a clock that
  // was set meanwhile, or an old copy of the folder, costs at most so much of the lifetime of what is kept.
  static constexpr absl::Duration kMostAway = absl::Hours(1);

  // Goes on from what `path` holds; from the time of day where that cannot be read. `machine` must outlive it. Blocks
  // on the disk.
  LastingClock(std::filesystem::path path, const Clock& machine);

  absl::Time Now() const override { return machine_.Now(); }
  absl::Duration Elapsed() const override { return machine_.Elapsed(); }

  // Also writes the file when kSaveInterval has passed since that was done last, and then blocks on the disk. A disk
  // that fails is tried again after that interval.
  absl::Time AgingTime() const override;

 private:
  absl::Time Resume() const;
  absl::Time Age() const { return begin_ + (machine_.Elapsed() - begin_elapsed_); }
  void Save(absl::Time age) const;

  const std::filesystem::path path_;
  const Clock& machine_;
  const absl::Time begin_;
  const absl::Duration begin_elapsed_;
  mutable absl::Mutex mutex_;
  mutable absl::Time saved_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // when it was kept last, by AgingTime
};

}  // namespace ruyi
