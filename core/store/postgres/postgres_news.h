// Carries the names of jobs that have changed between the processes that share a database, by LISTEN and NOTIFY. Names
// that come together travel together, and nothing is promised: whoever listens also looks now and then. Comes back by
// itself after the database was away, and then lets everybody look. Before it: PostgresJobStore. Owns a connection and
// a thread. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/change_hub.h"
#include "core/base/clock.h"
#include "core/store/postgres/backoff.h"
#include "core/store/postgres/postgres_connection.h"
#include "core/store/postgres/wake_event.h"

namespace ruyi {

class PostgresNews {
 public:
  static constexpr std::string_view kAllJobs = "*";  // no job has this id

  // Tells `hub` what other processes say, on a thread of its own, and calls `on_answer` there whenever the database
  // answers again. `clock` and `hub` must outlive it.
  PostgresNews(std::string url, const Clock& clock, ChangeHub& hub, std::function<void()> on_answer)
      : url_(std::move(url)), clock_(clock), hub_(hub), on_answer_(std::move(on_answer)) {}

  // Waits for an attempt to connect that is under way.
  ~PostgresNews();

  // Connects, and starts the thread. To be called once. Errors: those of PostgresConnection::Open.
  absl::Status Start();

  // Lets the other processes know that the job, or kAllJobs, have changed. Does not block.
  void Tell(const std::string& job_id);

  // Returns OK while the database answers; else what the last attempt to connect ended with. Does not block.
  absl::Status Reachable() const;

  // Returns for how long, by the clock, the database has answered without a break; zero while it does not.
  absl::Duration ReachableFor() const;

 private:
  void Run();
  bool IsOver() const;
  absl::Status Connect();
  void Reconnect();
  void SendNames();
  void Deliver();
  absl::Duration UntilNext() const;  // until names have to be sent, or the connection is looked at
  void SetReachable(absl::Status status);

  const std::string url_;
  const Clock& clock_;
  ChangeHub& hub_;
  const std::function<void()> on_answer_;
  std::unique_ptr<PostgresConnection> connection_;  // of the thread; null while the database is away
  std::string channel_;                             // of this schema of the database
  Backoff backoff_;                                 // of the thread
  absl::Duration last_sent_;                        // by the real clock
  WakeEvent wake_;
  mutable absl::Mutex mutex_;
  bool is_over_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::string> names_ ABSL_GUARDED_BY(mutex_);  // that have to be sent
  absl::Status reachable_ ABSL_GUARDED_BY(mutex_);
  absl::Duration since_ ABSL_GUARDED_BY(mutex_);  // by clock_
  std::thread thread_;
};

}  // namespace ruyi
