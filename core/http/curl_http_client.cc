#include "core/http/curl_http_client.h"

#include <curl/curl.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace ruyi {
namespace {

// More threads than this at once open connections that are closed after their request.
constexpr size_t kMostIdleHandles = 16;
constexpr long kSlowBytesPerSecond = 1;

using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

size_t AppendBody(const char* bytes, size_t size, size_t count, void* response) {
  static_cast<HttpResponse*>(response)->body.append(bytes, size * count);
  return size * count;
}

size_t AddHeader(const char* bytes, size_t size, size_t count, void* response) {
  const absl::string_view line(bytes, size * count);
  auto& headers = static_cast<HttpResponse*>(response)->headers;
  if (absl::StartsWith(line, "HTTP/"))
    headers.clear();  // of an interim answer, such as 100
  const size_t colon = line.find(':');
  if (colon != absl::string_view::npos)
    headers[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  return size * count;
}

HeaderList ListOf(const std::map<std::string, std::string>& headers) {
  HeaderList list(nullptr, &curl_slist_free_all);
  const auto append = [&list](const std::string& line) { list.reset(curl_slist_append(list.release(), line.c_str())); };
  for (const auto& [name, value] : headers)
    append(value.empty() ? absl::StrCat(name, ";") : absl::StrCat(name, ": ", value));
  append("Expect:");  // the wait for "100 Continue" costs more than a body that is refused
  return list;
}

}  // namespace

class CurlHttpClient::Handle {
 public:
  explicit Handle(const CurlOptions& options) : curl_(curl_easy_init(), &curl_easy_cleanup) {
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(options.connect_timeout)));
    Set(CURLOPT_LOW_SPEED_LIMIT, kSlowBytesPerSecond);
    Set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(absl::ToInt64Seconds(options.stall_timeout)));
    if (options.timeout < absl::InfiniteDuration())
      Set(CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(options.timeout)));
    Set(CURLOPT_TCP_KEEPALIVE, 1L);
    Set(CURLOPT_ERRORBUFFER, error_);
    Set(CURLOPT_WRITEFUNCTION, &AppendBody);
    Set(CURLOPT_HEADERFUNCTION, &AddHeader);
    if (!options.ca_file.empty())
      Set(CURLOPT_CAINFO, options.ca_file.c_str());
  }

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request) {
    HttpResponse response;
    const HeaderList headers = ListOf(request.headers);
    Set(CURLOPT_URL, request.url.c_str());
    Set(CURLOPT_HTTPHEADER, headers.get());
    Set(CURLOPT_WRITEDATA, &response);
    Set(CURLOPT_HEADERDATA, &response);
    SetBody(request);
    error_[0] = '\0';
    const CURLcode code = curl_easy_perform(curl_.get());
    if (code != CURLE_OK)
      return absl::UnavailableError(error_[0] != '\0' ? error_ : curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    return response;
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(curl_.get(), option, value);
  }

  void SetBody(const HttpRequest& request) {
    Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.method == "GET" || request.method == "DELETE") {
      Set(CURLOPT_HTTPGET, 1L);
      return;
    }
    Set(CURLOPT_POST, 1L);
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    Set(CURLOPT_POSTFIELDS, request.body.data() != nullptr ? request.body.data() : "");
  }

  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_;
  char error_[CURL_ERROR_SIZE] = {};
};

CurlHttpClient::CurlHttpClient(CurlOptions options) : options_(std::move(options)) {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(once);
}

CurlHttpClient::~CurlHttpClient() = default;

absl::StatusOr<HttpResponse> CurlHttpClient::Send(const HttpRequest& request) {
  std::unique_ptr<Handle> handle = Take();
  absl::StatusOr<HttpResponse> response = handle->Send(request);
  GiveBack(std::move(handle));
  return response;
}

std::unique_ptr<CurlHttpClient::Handle> CurlHttpClient::Take() {
  {
    absl::MutexLock lock(&mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Handle> handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  return std::make_unique<Handle>(options_);
}

void CurlHttpClient::GiveBack(std::unique_ptr<Handle> handle) {
  absl::MutexLock lock(&mutex_);
  if (idle_.size() < kMostIdleHandles)
    idle_.push_back(std::move(handle));
}

}  // namespace ruyi
