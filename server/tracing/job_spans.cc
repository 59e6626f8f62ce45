#include "server/tracing/job_spans.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/job/plan_fields.h"
#include "server/tracing/trace_context.h"

namespace ruyi {
namespace {

// Jobs that are handed back again and again have long logs.
constexpr size_t kMostSpans = 200;

SpanAttributes AttributesOf(const JobRecord& job) {
  SpanAttributes attributes = {{"ruyi.job", job.ticket.id},
                               {"ruyi.call_id", job.ticket.call_id},
                               {"ruyi.tenant", job.ticket.tenant},
                               {"ruyi.width", int64_t{job.spec.size.width}},
                               {"ruyi.height", int64_t{job.spec.size.height}},
                               {"ruyi.frames", int64_t{job.spec.frame_count}},
                               {"ruyi.steps", int64_t{job.spec.steps}},
                               {"ruyi.attempts", int64_t{job.attempts}},
                               {"ruyi.crashes", int64_t{job.crashes}},
                               {"ruyi.predicted_seconds", job.placement.prediction.seconds()},
                               {"ruyi.predicted_mib", MibOf(job.placement.prediction.peak_bytes())}};
  if (!job.ticket.request_id.empty())
    attributes.emplace_back("ruyi.request_id", job.ticket.request_id);
  return attributes;
}

// Goes through the log once. A phase lasts until the next one begins.
class LogReader {
 public:
  LogReader(const JobRecord& job, const TraceContext& parent) : job_id_(job.ticket.id) {
    whole_ = {.trace_id = parent.trace_id,
              .span_id = SpanIdOf(job_id_),
              .parent_id = parent.span_id,
              .name = "job",
              .begin = job.create_time,
              .end = job.create_time,
              .attributes = AttributesOf(job)};
  }

  void Read(const LoggedEvent& event) {
    now_ = event.time;
    seq_ = event.seq;
    whole_.end = now_;
    std::visit([this](const auto& entry) { On(entry); }, event.event);
  }

  std::vector<Span> Finish() {
    Close();
    std::vector<Span> spans = std::move(parts_);
    spans.push_back(std::move(whole_));
    return spans;
  }

 private:
  void On(const JobAccepted&) {}
  void On(const JobQueued&) { Begin("queue", {}); }
  void On(const JobStarted& event) {
    attempt_ = {{"ruyi.worker", event.worker}, {"ruyi.attempt", int64_t{event.attempt}}};
    phase_.reset();
    SpanAttributes attributes = attempt_;
    attributes.emplace_back("ruyi.mode", NameOf(event.placement.prediction.mode));
    Begin("placing", std::move(attributes));
  }
  void On(const JobProgress& event) {
    const Phase phase = event.progress.phase;
    if (phase_ == phase)
      return;
    phase_ = phase;
    Begin(WordOf(phase), attempt_);
  }
  void On(const JobResumed& event) { Note("resumed", {{"ruyi.step", int64_t{event.step}}}); }
  void On(const JobRetry& event) {
    Note("retry", {{"ruyi.from", NameOf(event.retry.from)},
                   {"ruyi.to", NameOf(event.retry.to)},
                   {"ruyi.reason", event.retry.reason}});
    phase_.reset();
    Begin("placing", attempt_);
  }
  void On(const JobPreview&) {}
  void On(const JobCancelling& event) { Note("cancelling", {{"ruyi.reason", GetErrorInfo(event.why).reason}}); }
  void On(const JobCompleted& event) {
    Close();
    whole_.attributes.emplace_back("ruyi.size_bytes", event.result.file.size_bytes);
    if (!event.result.reused_from.empty()) {
      whole_.attributes.emplace_back("ruyi.reused_from", event.result.reused_from);
      return;
    }
    whole_.attributes.emplace_back("ruyi.peak_mib", MibOf(event.usage.report.peak_bytes));
    whole_.attributes.emplace_back("ruyi.mode", NameOf(event.usage.report.mode));
  }
  void On(const JobFailed& event) {
    Close();
    whole_.attributes.emplace_back("ruyi.code", absl::StatusCodeToString(event.status.code()));
    whole_.attributes.emplace_back("ruyi.reason", GetErrorInfo(event.status).reason);
    whole_.is_error = !absl::IsCancelled(event.status);  // which is how its caller wanted it
    whole_.message = std::string(event.status.message());
  }

  void Begin(const std::string& name, SpanAttributes attributes) {
    Close();
    if (parts_.size() < kMostSpans)
      open_ = Span{.trace_id = whole_.trace_id,
                   .span_id = SpanIdOf(absl::StrCat(job_id_, " ", seq_)),
                   .parent_id = whole_.span_id,
                   .name = name,
                   .begin = now_,
                   .end = now_,
                   .attributes = std::move(attributes)};
  }

  void Close() {
    if (!open_.has_value())
      return;
    open_->end = now_;
    parts_.push_back(*std::move(open_));
    open_.reset();
  }

  void Note(const std::string& name, SpanAttributes attributes) {
    whole_.events.push_back({.time = now_, .name = name, .attributes = std::move(attributes)});
  }

  const std::string job_id_;
  Span whole_;
  std::vector<Span> parts_;
  std::optional<Span> open_;    // the part that goes on
  std::optional<Phase> phase_;  // of the work, once it has begun
  SpanAttributes attempt_;      // that goes on
  absl::Time now_;              // of the event that is read
  int64_t seq_ = 0;
};

}  // namespace

std::vector<Span> SpansOf(const JobRecord& job, const std::vector<LoggedEvent>& log) {
  const TraceContext parent = ParseTraceparent(job.ticket.traceparent)
                                  .value_or(TraceContext{.trace_id = TraceIdOf(job.ticket.id), .span_id = ""});
  if (!parent.is_sampled)
    return {};
  LogReader reader(job, parent);
  for (const LoggedEvent& event : log)
    reader.Read(event);
  return reader.Finish();
}

}  // namespace ruyi
