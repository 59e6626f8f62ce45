#include "server/tracing/span_exporter.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_format.h"

namespace ruyi {
namespace {

// The spans after which a request is sent: collectors take some MiB, and a span has less than 1 KiB.
constexpr size_t kMostSpans = 512;

prometheus::Family<prometheus::Counter>& SpanCounters(prometheus::Registry& registry) {
  return prometheus::BuildCounter()
      .Name("ruyi_spans_total")
      .Help(
          "Spans of traces that the collector took (exported) or did not take (failed); of dropped ones, the calls "
          "and jobs that they were of.")
      .Register(registry);
}

}  // namespace

SpanExporter::SpanExporter(prometheus::Registry& registry, Parts parts)
    : parts_(std::move(parts)),
      exported_(SpanCounters(registry).Add({{"result", "exported"}})),
      dropped_(SpanCounters(registry).Add({{"result", "dropped"}})),
      failed_(SpanCounters(registry).Add({{"result", "failed"}})),
      thread_([this] { Run(); }) {}

SpanExporter::~SpanExporter() {
  Flush(absl::ZeroDuration());
  thread_.join();
}

void SpanExporter::Export(Source source) {
  absl::MutexLock lock(&mutex_);
  if (is_ending_ || queue_.size() >= kCapacity)
    return dropped_.Increment();
  queue_.push_back(std::move(source));
}

void SpanExporter::Flush(absl::Duration timeout) {
  {
    absl::MutexLock lock(&mutex_);
    is_ending_ = true;
  }
  wake_up_.Wake();
  done_.WaitForNotificationWithTimeout(timeout);
}

void SpanExporter::Run() {
  for (std::vector<Source> sources = Take(); !sources.empty(); sources = Take()) {
    std::vector<Span> spans;
    for (const Source& source : sources) {
      for (Span& span : source())
        spans.push_back(std::move(span));
      if (spans.size() >= kMostSpans)
        Send(std::exchange(spans, {}));
    }
    Send(spans);
  }
  done_.Notify();
}

std::vector<SpanExporter::Source> SpanExporter::Take() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &SpanExporter::HasWorkOrEnds));
  std::vector<Source> sources(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
  queue_.clear();
  return sources;
}

bool SpanExporter::is_ending() {
  absl::MutexLock lock(&mutex_);
  return is_ending_;
}

void SpanExporter::Send(const std::vector<Span>& spans) {
  if (spans.empty())
    return;
  const auto count = static_cast<double>(spans.size());
  if (is_away_ && is_ending())
    return failed_.Increment(count);
  const std::string body = ToOtlpJson(parts_.resource, spans);
  absl::Status status = Post(body);
  absl::Duration wait = parts_.retry_interval;
  for (int attempt = 1; attempt < kAttempts && absl::IsUnavailable(status) && !is_ending(); ++attempt) {
    wake_up_.Wait(wait);
    wait *= 2;
    status = Post(body);
  }
  (status.ok() ? exported_ : failed_).Increment(count);
  Tell(status);
}

absl::Status SpanExporter::Post(const std::string& body) {
  const absl::StatusOr<HttpResponse> response = parts_.http->Send(
      {.method = "POST", .url = parts_.url, .headers = {{"Content-Type", "application/json"}}, .body = body});
  if (!response.ok())
    return response.status();
  constexpr int kTooManyRequests = 429;
  if (response->status / 100 == 2)
    return absl::OkStatus();
  const std::string message = absl::StrFormat("the collector answered %d", response->status);
  const bool may_be_taken_later = response->status == kTooManyRequests || response->status / 100 == 5;
  return may_be_taken_later ? absl::UnavailableError(message) : absl::InvalidArgumentError(message);
}

void SpanExporter::Tell(const absl::Status& status) {
  if (std::exchange(is_away_, !status.ok()) == status.ok())
    parts_.on_change(status);
}

}  // namespace ruyi
