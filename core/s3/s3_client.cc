#include "core/s3/s3_client.h"

#include <algorithm>
#include <cstdlib>
#include <pugixml.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/digest/crc32c.h"
#include "core/digest/sha256.h"
#include "core/s3/uri_encode.h"

namespace ruyi {
namespace {

constexpr int kMostAttempts = 4;
constexpr int kFirstFailure = 300;
constexpr int kPartialContent = 206;

bool IsSuccess(const HttpResponse& response) {
  return response.status < kFirstFailure;
}

std::string ValueOf(const HttpResponse& response, const std::string& header) {
  const auto found = response.headers.find(header);
  return found != response.headers.end() ? found->second : "";
}

// As S3 wants it: the four bytes, largest first, in base 64.
std::string ChecksumHeader(std::string_view bytes) {
  const uint32_t crc32c = Crc32c(bytes);
  std::string big_endian;
  for (const int shift : {24, 16, 8, 0})
    big_endian += static_cast<char>(crc32c >> shift);
  return absl::Base64Escape(big_endian);
}

absl::Status CannotReach(const S3Location& location, const absl::Status& why) {
  return StoreUnavailable(absl::StrFormat("cannot reach S3 at %s: %s; look at the network, or correct --artifacts",
                                          location.host, why.message()));
}

}  // namespace

absl::StatusOr<std::string> S3Client::Put(const std::string& key, std::string_view bytes,
                                          const S3Condition& condition) {
  Request request = {
      .method = "PUT",
      .key = parts_.location.prefix + key,
      .query = {},
      .headers = {{"content-type", "application/octet-stream"}, {"x-amz-checksum-crc32c", ChecksumHeader(bytes)}},
      .body = bytes};
  if (!condition.header.empty())
    request.headers[condition.header] = condition.value;
  const absl::StatusOr<HttpResponse> response = Send(request);
  if (absl::IsNotFound(response.status()))
    return absl::FailedPreconditionError("there is no object that has the etag");
  RUYI_RETURN_IF_ERROR(response.status());
  return ValueOf(*response, "etag");
}

absl::StatusOr<S3Object> S3Client::Get(const std::string& key) {
  RUYI_ASSIGN_OR_RETURN(HttpResponse response, Send({.method = "GET", .key = parts_.location.prefix + key}));
  return S3Object{.bytes = std::move(response.body), .etag = ValueOf(response, "etag")};
}

absl::StatusOr<std::string> S3Client::GetRange(const std::string& key, int64_t offset, int64_t count) {
  RUYI_ASSIGN_OR_RETURN(HttpResponse response,
                        Send({.method = "GET",
                              .key = parts_.location.prefix + key,
                              .query = {},
                              .headers = {{"range", absl::StrFormat("bytes=%d-%d", offset, offset + count - 1)}}}));
  if (response.status == kPartialContent)
    return std::move(response.body);
  const auto begin = std::min(response.body.size(), static_cast<size_t>(offset));  // a server that knows no ranges
  return response.body.substr(begin, static_cast<size_t>(count));
}

absl::Status S3Client::Delete(const std::string& key) {
  const absl::Status status = Send({.method = "DELETE", .key = parts_.location.prefix + key}).status();
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::StatusOr<std::vector<S3Entry>> S3Client::List(const std::string& prefix) {
  std::vector<S3Entry> entries;
  std::string after;
  do {
    RUYI_ASSIGN_OR_RETURN(after, ListPage(prefix, after, entries));
  } while (!after.empty());
  return entries;
}

absl::Status S3Client::Check() {
  return Send({.method = "GET",
               .key = "",
               .query = {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", parts_.location.prefix}}})
      .status();
}

// Adds a page of the listing to `entries`; returns the token of the next one, or "".
absl::StatusOr<std::string> S3Client::ListPage(const std::string& prefix, const std::string& after,
                                               std::vector<S3Entry>& entries) {
  const std::string& own_prefix = parts_.location.prefix;
  Request request = {.method = "GET", .key = "", .query = {{"list-type", "2"}, {"prefix", own_prefix + prefix}}};
  if (!after.empty())
    request.query["continuation-token"] = after;
  RUYI_ASSIGN_OR_RETURN(const HttpResponse response, Send(request));
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node result = document.child("ListBucketResult");
  if (result.empty())
    return StoreUnavailable(
        absl::StrCat("the server at ", parts_.location.host, " does not answer as S3 does: correct --artifacts"));
  for (const pugi::xml_node object : result.children("Contents")) {
    const std::string key = object.child_value("Key");
    if (key.size() >= own_prefix.size())
      entries.push_back({.key = key.substr(own_prefix.size()), .size_bytes = object.child("Size").text().as_llong()});
  }
  return result.child("IsTruncated").text().as_bool() ? result.child_value("NextContinuationToken") : "";
}

absl::StatusOr<HttpResponse> S3Client::Send(const Request& request) {
  for (int attempt = 1;; ++attempt) {
    const absl::StatusOr<AwsCredentials> credentials = parts_.credentials->Get();
    if (!credentials.ok())
      return StoreUnavailable(std::string(credentials.status().message()));
    const absl::StatusOr<HttpResponse> response = SendOnce(request, *credentials);
    if (response.ok() && IsSuccess(*response)) {
      budget_.OnSuccess();
      return response;
    }
    if (!response.ok()) {
      if (!WaitForNext(attempt))
        return CannotReach(parts_.location, response.status());
      continue;
    }
    const S3Refusal refusal = RefusalOf(*response);
    if (!Remedy(refusal, *response, attempt))
      return StatusOfRefusal(refusal, parts_.location);
  }
}

absl::StatusOr<HttpResponse> S3Client::SendOnce(const Request& request, const AwsCredentials& credentials) {
  const S3Location& location = parts_.location;
  AwsRequest signed_request = {.method = request.method,
                               .path = location.key_path + request.key,
                               .query = request.query,
                               .headers = request.headers,
                               .payload_sha256 = Sha256Hex(request.body)};
  signed_request.headers["host"] = location.host;
  signed_request.headers["x-amz-content-sha256"] = signed_request.payload_sha256;
  SignRequest(
      {.time = parts_.clock->Now() + absl::Seconds(clock_lag_s_.load()), .region = location.region, .service = "s3"},
      credentials, signed_request);
  std::string url = absl::StrCat(location.scheme, "://", location.host, UriEncodePath(signed_request.path));
  if (!request.query.empty())
    absl::StrAppend(&url, "?", UriEncodeQuery(request.query));
  return parts_.http->Send({.method = request.method,
                            .url = std::move(url),
                            .headers = std::move(signed_request.headers),
                            .body = request.body});
}

bool S3Client::Remedy(const S3Refusal& refusal, const HttpResponse& response, int attempt) {
  switch (refusal.remedy) {
    case S3Remedy::kNone:
      return false;
    case S3Remedy::kWait:
      return WaitForNext(attempt);
    case S3Remedy::kSetClock:
      return attempt < kMostAttempts && SetClock(ValueOf(response, "date"));
    case S3Remedy::kNewIdentity:
      parts_.credentials->Expire();
      return attempt < kMostAttempts;
  }
  return false;
}

// Returns false when that changes nothing.
bool S3Client::SetClock(const std::string& date) {
  absl::Time server_time;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", date, &server_time, &error))
    return false;
  const int64_t lag_s = absl::ToInt64Seconds(server_time - parts_.clock->Now());
  return std::abs(clock_lag_s_.exchange(lag_s) - lag_s) > 1;
}

bool S3Client::WaitForNext(int attempt) {
  if (attempt >= kMostAttempts || !budget_.Take())
    return false;
  parts_.wait(budget_.WaitAfter(attempt));
  return true;
}

}  // namespace ruyi
