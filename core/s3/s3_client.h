// Asks a server that speaks S3 for objects: signs requests, sends them again where that may help, and makes statuses of
// refusals. Before it: core/artifact/s3. After it: http_client.h. Every call blocks on the server. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/http/http_client.h"
#include "core/s3/aws_signer.h"
#include "core/s3/credentials_provider.h"
#include "core/s3/retry_budget.h"
#include "core/s3/s3_error.h"
#include "core/s3/s3_location.h"

namespace ruyi {

struct S3Object {
  std::string bytes;
  std::string etag;  // changes with the bytes
};

// An object as a listing shows it.
struct S3Entry {
  std::string key;  // without the location's prefix
  int64_t size_bytes = 0;
};

// Says when an object may be written.
struct S3Condition {
  // Only when there is none.
  static S3Condition IfAbsent() { return {.header = "if-none-match", .value = "*"}; }
  // Only in place of the object that has this etag.
  static S3Condition IfUnchanged(std::string etag) { return {.header = "if-match", .value = std::move(etag)}; }

  std::string header;  // empty: always
  std::string value;
};

class S3Client {
 public:
  struct Parts {
    S3Location location;
    std::unique_ptr<HttpClient> http;  // lives longer than the credentials, which may use it
    std::unique_ptr<CredentialsProvider> credentials;
    const Clock* clock = nullptr;              // must outlive the client
    std::function<void(absl::Duration)> wait;  // between two attempts
  };

  explicit S3Client(Parts parts) : parts_(std::move(parts)) {}

  // Writes the object and returns its etag; the server checks the bytes. When it returns, everybody reads it, and it is
  // kept. FAILED_PRECONDITION: `condition` does not hold; it may be that an earlier attempt of this very call has
  // changed that. UNAVAILABLE STORE_UNAVAILABLE, here and below: see StatusOfRefusal; the object may have been
  // written all the same.
  absl::StatusOr<std::string> Put(const std::string& key, std::string_view bytes, const S3Condition& condition = {});

  // Returns the object. NOT_FOUND: there is none.
  absl::StatusOr<S3Object> Get(const std::string& key);

  // Returns bytes [offset, offset + count) of the object, or fewer where it ends; `count` must be positive. NOT_FOUND:
  // there is none. OUT_OF_RANGE: it ends before `offset`.
  absl::StatusOr<std::string> GetRange(const std::string& key, int64_t offset, int64_t count);

  // Deletes the object. Returns OK also when there is none.
  absl::Status Delete(const std::string& key);

  // Returns all objects whose keys begin with `prefix`, by key. Asks once for each 1000 of them.
  absl::StatusOr<std::vector<S3Entry>> List(const std::string& prefix);

  // Returns OK when the bucket can be listed.
  absl::Status Check();

  // Returns "s3://BUCKET/PREFIX/KEY", for messages.
  std::string UrlOf(const std::string& key) const {
    return "s3://" + parts_.location.bucket + "/" + parts_.location.prefix + key;
  }

 private:
  struct Request {
    std::string method;
    std::string key;  // with the location's prefix; empty: of the bucket itself
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> headers;
    std::string_view body;
  };

  // Sends a request until it succeeds, cannot succeed, or has failed often enough.
  absl::StatusOr<HttpResponse> Send(const Request& request);
  absl::StatusOr<HttpResponse> SendOnce(const Request& request, const AwsCredentials& credentials);

  // Returns whether to send the request again after `refusal`, having done what may help.
  bool Remedy(const S3Refusal& refusal, const HttpResponse& response, int attempt);
  bool SetClock(const std::string& date);
  bool WaitForNext(int attempt);

  absl::StatusOr<std::string> ListPage(const std::string& prefix, const std::string& after,
                                       std::vector<S3Entry>& entries);

  const Parts parts_;
  RetryBudget budget_;
  std::atomic<int64_t> clock_lag_s_ = 0;  // how far the server's clock is ahead of ours
};

}  // namespace ruyi
