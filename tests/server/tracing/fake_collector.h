// A collector of traces that keeps what it is sent. Thread-safe.
#pragma once

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/http/http_client.h"
#include "tests/server/patience.h"

namespace ruyi {

// What a test and its FakeCollector share.
class CollectedSpans {
 public:
  // Gives the next requests these answers, one each; those after them are taken.
  void Answer(std::deque<absl::StatusOr<HttpResponse>> answers) {
    absl::MutexLock lock(&mutex_);
    answers_ = std::move(answers);
  }

  absl::StatusOr<HttpResponse> Take(const HttpRequest& request) {
    absl::MutexLock lock(&mutex_);
    urls_.push_back(request.url);
    absl::StatusOr<HttpResponse> answer = HttpResponse{.status = 200, .headers = {}, .body = ""};
    if (!answers_.empty()) {
      answer = std::move(answers_.front());
      answers_.pop_front();
    }
    if (answer.ok() && answer->status == 200)
      bodies_.push_back(nlohmann::json::parse(request.body, nullptr, /*allow_exceptions=*/false));
    return answer;
  }

  // Returns all spans so far, as OTLP has them.
  std::vector<nlohmann::json> spans() const {
    absl::MutexLock lock(&mutex_);
    return Spans();
  }

  // Blocks until there are so many spans of this name; returns what there is after kPatience.
  std::vector<nlohmann::json> Await(const std::string& name, size_t count) const {
    absl::MutexLock lock(&mutex_);
    const auto named = [&] {
      std::vector<nlohmann::json> found;
      for (const nlohmann::json& span : Spans()) {
        if (span.at("name") == name)
          found.push_back(span);
      }
      return found;
    };
    const auto is_there = [&] { return named().size() >= count; };
    mutex_.AwaitWithTimeout(absl::Condition(&is_there), kPatience);
    return named();
  }

  // Blocks until there were so many requests, or for kPatience.
  void AwaitRequests(size_t count) const {
    absl::MutexLock lock(&mutex_);
    const auto is_there = [&] { return urls_.size() >= count; };
    mutex_.AwaitWithTimeout(absl::Condition(&is_there), kPatience);
  }

  std::vector<std::string> urls() const {
    absl::MutexLock lock(&mutex_);
    return urls_;
  }

 private:
  std::vector<nlohmann::json> Spans() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    std::vector<nlohmann::json> all;
    for (const nlohmann::json& body : bodies_) {
      for (const nlohmann::json& span : body.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans"))
        all.push_back(span);
    }
    return all;
  }

  mutable absl::Mutex mutex_;
  std::deque<absl::StatusOr<HttpResponse>> answers_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> urls_ ABSL_GUARDED_BY(mutex_);
  std::vector<nlohmann::json> bodies_ ABSL_GUARDED_BY(mutex_);
};

class FakeCollector final : public HttpClient {
 public:
  explicit FakeCollector(std::shared_ptr<CollectedSpans> spans) : spans_(std::move(spans)) {}

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request) override { return spans_->Take(request); }

 private:
  const std::shared_ptr<CollectedSpans> spans_;
};

// Returns the value of an attribute of a span, whatever its type; null without it.
inline nlohmann::json AttributeOf(const nlohmann::json& span, const std::string& key) {
  for (const nlohmann::json& attribute : span.at("attributes")) {
    if (attribute.at("key") == key)
      return attribute.at("value").begin().value();
  }
  return {};
}

}  // namespace ruyi
