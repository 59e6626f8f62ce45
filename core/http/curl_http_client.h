// Sends requests with libcurl, over connections that it keeps for the next ones. It follows no redirects, checks
// certificates, and goes through the proxies that the environment names (https_proxy, no_proxy). Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/http/http_client.h"

namespace ruyi {

struct CurlOptions {
  absl::Duration connect_timeout = absl::Seconds(3);
  absl::Duration stall_timeout = absl::Seconds(10);   // of a connection on which nothing moves
  absl::Duration timeout = absl::InfiniteDuration();  // of a whole request
  std::string ca_file;                                // whom to trust; empty: whom the system trusts
};

class CurlHttpClient final : public HttpClient {
 public:
  explicit CurlHttpClient(CurlOptions options);
  ~CurlHttpClient() override;

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request) override;

 private:
  class Handle;

  std::unique_ptr<Handle> Take();
  void GiveBack(std::unique_ptr<Handle> handle);

  const CurlOptions options_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_ ABSL_GUARDED_BY(mutex_);  // each keeps its connections
};

}  // namespace ruyi
