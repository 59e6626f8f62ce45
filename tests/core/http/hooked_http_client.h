// An HttpClient whose every request goes through a test, which may send it on, fail it, or answer itself. Thread-safe
// if the test's function is.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "core/http/curl_http_client.h"
#include "core/http/http_client.h"
#include "tests/core/http/patient_options.h"

namespace ruyi {

class HookedHttpClient final : public HttpClient {
 public:
  using Hook = std::function<absl::StatusOr<HttpResponse>(const HttpRequest& request, HttpClient& real)>;

  explicit HookedHttpClient(Hook hook) : real_(PatientOptions()), hook_(std::move(hook)) {}

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request) override { return hook_(request, real_); }

 private:
  CurlHttpClient real_;
  const Hook hook_;
};

}  // namespace ruyi
