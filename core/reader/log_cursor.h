// One reader's place in the log of a job. It costs the same whether the reader is fast or slow: what was not read yet
// lies in the store. Before it: core/store. After it: a stream. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/store/job_store.h"

namespace ruyi {

class LogCursor {
 public:
  // Stands behind the entry `after_seq`. `jobs` must outlive it.
  LogCursor(const JobStore& jobs, std::string id, int64_t after_seq)
      : jobs_(jobs), id_(std::move(id)), last_seq_(after_seq) {}

  // Returns the next entry; nullopt when there is none yet. Progress and previews are left out where later ones have
  // come. NOT_FOUND: the job is gone. Blocks on the store.
  absl::StatusOr<std::optional<LoggedEvent>> Next();

  // Returns true once the log's last entry was read: nothing comes any more.
  bool done() const { return done_; }

 private:
  absl::Status Fill();

  const JobStore& jobs_;
  const std::string id_;
  int64_t last_seq_;
  bool done_ = false;
  std::deque<LoggedEvent> read_;  // and not given yet
};

}  // namespace ruyi
