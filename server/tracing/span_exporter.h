// Sends spans to a collector of traces, from a thread of its own: whoever gives it spans never waits, and when the
// collector is away or slow, spans are dropped and counted. Before it: call_tracer.h and job_tracer.h. After it: the
// collector, and /metrics. Thread-safe.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/base/wake_up.h"
#include "core/http/http_client.h"
#include "server/tracing/otlp_json.h"
#include "server/tracing/span.h"

namespace ruyi {

class SpanExporter {
 public:
  // Makes spans when it is their turn, on the exporter's thread. May block on a store.
  using Source = std::function<std::vector<Span>()>;

  struct Parts {
    std::string url;  // of the collector, with its path
    SpanResource resource;
    std::unique_ptr<HttpClient> http;
    absl::Duration retry_interval = absl::Seconds(1);                                 // doubled after each attempt
    std::function<void(const absl::Status&)> on_change = [](const absl::Status&) {};  // the collector went or came back
  };

  // The number of calls and jobs whose spans may wait.
  static constexpr size_t kCapacity = 4096;
  static constexpr int kAttempts = 3;  // at sending the same spans

  // Adds its counter to `registry`, which must outlive it.
  SpanExporter(prometheus::Registry& registry, Parts parts);

  // Sends what waits, as Flush does. Blocks as long as the collector takes.
  ~SpanExporter();

  // Takes the spans of a call or a job, or drops and counts them. Never blocks.
  void Export(Source source);

  // Takes no more, and sends what waits; what cannot be sent at once is dropped. Blocks for that, `timeout` at most.
  void Flush(absl::Duration timeout);

 private:
  void Run();

  // Waits for work, and returns all of it; nothing once the exporter ends.
  std::vector<Source> Take();
  bool HasWorkOrEnds() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !queue_.empty() || is_ending_; }
  bool is_ending();
  void Send(const std::vector<Span>& spans);
  absl::Status Post(const std::string& body);
  void Tell(const absl::Status& status);

  const Parts parts_;
  prometheus::Counter& exported_;
  prometheus::Counter& dropped_;
  prometheus::Counter& failed_;
  absl::Mutex mutex_;
  std::deque<Source> queue_ ABSL_GUARDED_BY(mutex_);
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  WakeUp wake_up_;        // from the wait before another attempt
  bool is_away_ = false;  // the collector, as the thread knows it
  absl::Notification done_;
  std::thread thread_;
};

}  // namespace ruyi
