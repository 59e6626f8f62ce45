#include "core/store/sqlite/group_commit.h"

#include <utility>

namespace ruyi {

absl::Status GroupCommit::Run(PendingChange& change) {
  absl::MutexLock lock(&mutex_);
  waiting_.push_back(&change);
  const auto is_my_turn = [&] {
    mutex_.AssertHeld();
    return change.is_done || !is_writing_;
  };
  mutex_.Await(absl::Condition(&is_my_turn));
  if (change.is_done)
    return change.result;
  is_writing_ = true;
  const Group group = std::exchange(waiting_, {});
  mutex_.Unlock();
  write_(group);
  mutex_.Lock();
  for (PendingChange* written : group)
    written->is_done = true;
  is_writing_ = false;
  return change.result;
}

}  // namespace ruyi
