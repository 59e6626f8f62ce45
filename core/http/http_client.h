// Sends requests over HTTP. Before it: core/s3, server/tracing. After it: curl_http_client.h; tests use others.
// Implementations are thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ruyi {

struct HttpRequest {
  std::string method;  // "GET", "PUT", "POST", "DELETE"
  std::string url;     // percent-encoded
  std::map<std::string, std::string> headers;
  std::string_view body;  // must outlive the call
};

struct HttpResponse {
  int status = 0;                              // such as 200
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Sends the request once and returns what the server answers, errors too. UNAVAILABLE: there was no whole answer;
  // whether the server has seen the request is not known. Blocks for the answer, but no longer than the connection
  // stands still.
  virtual absl::StatusOr<HttpResponse> Send(const HttpRequest& request) = 0;
};

}  // namespace ruyi
