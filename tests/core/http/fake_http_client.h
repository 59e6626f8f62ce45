// An HttpClient with the answers that a test gives it, in order. It keeps the requests. Not thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/http/http_client.h"

namespace ruyi {

class FakeHttpClient final : public HttpClient {
 public:
  // A request whose body is kept too.
  struct Sent {
    HttpRequest request;
    std::string body;
  };

  void Answer(int status, std::string body = "", std::map<std::string, std::string> headers = {}) {
    answers_.push_back(HttpResponse{.status = status, .headers = std::move(headers), .body = std::move(body)});
  }

  // Answers as S3 says errors.
  void Refuse(int status, const std::string& code, std::map<std::string, std::string> headers = {}) {
    Answer(status, "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>it said so</Message></Error>",
           std::move(headers));
  }

  void CutConnection() { answers_.push_back(absl::UnavailableError("connection reset")); }

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request) override {
    sent_.push_back({.request = request, .body = std::string(request.body)});
    if (answers_.empty()) {
      ADD_FAILURE() << "nobody expected " << request.method << " " << request.url;
      return absl::UnavailableError("no answer");
    }
    absl::StatusOr<HttpResponse> answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  const std::vector<Sent>& sent() const { return sent_; }
  bool has_answers_left() const { return !answers_.empty(); }

 private:
  std::deque<absl::StatusOr<HttpResponse>> answers_;
  std::vector<Sent> sent_;
};

}  // namespace ruyi
