#include "core/s3/aws_signer.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/digest/sha256.h"
#include "core/s3/uri_encode.h"

namespace ruyi {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

std::string TimeStamp(absl::Time time) {
  return absl::FormatTime("%Y%m%dT%H%M%SZ", time, absl::UTCTimeZone());
}

std::string DateOf(absl::Time time) {
  return absl::FormatTime("%Y%m%d", time, absl::UTCTimeZone());
}

std::string Hmac(const std::string& key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return {reinterpret_cast<const char*>(digest), size};
}

// Without spaces around it, and with one where there were several.
std::string Trimmed(const std::string& value) {
  return absl::StrJoin(absl::StrSplit(value, ' ', absl::SkipEmpty()), " ");
}

std::string SignedHeaders(const AwsRequest& request) {
  return absl::StrJoin(request.headers, ";", [](std::string* out, const auto& header) { out->append(header.first); });
}

std::string ScopeText(const AwsScope& scope) {
  return absl::StrCat(DateOf(scope.time), "/", scope.region, "/", scope.service, "/aws4_request");
}

std::string SigningKey(const AwsScope& scope, const AwsCredentials& credentials) {
  const std::string date = Hmac("AWS4" + credentials.secret_access_key, DateOf(scope.time));
  return Hmac(Hmac(Hmac(date, scope.region), scope.service), "aws4_request");
}

}  // namespace

std::string CanonicalRequest(const AwsRequest& request) {
  std::string headers;
  for (const auto& [name, value] : request.headers)
    absl::StrAppend(&headers, name, ":", Trimmed(value), "\n");
  return absl::StrJoin({request.method, UriEncodePath(request.path), UriEncodeQuery(request.query), headers,
                        SignedHeaders(request), request.payload_sha256},
                       "\n");
}

void SignRequest(const AwsScope& scope, const AwsCredentials& credentials, AwsRequest& request) {
  request.headers["x-amz-date"] = TimeStamp(scope.time);
  if (!credentials.session_token.empty())
    request.headers["x-amz-security-token"] = credentials.session_token;
  const std::string text = absl::StrJoin(
      {std::string(kAlgorithm), TimeStamp(scope.time), ScopeText(scope), Sha256Hex(CanonicalRequest(request))}, "\n");
  const std::string signature = absl::BytesToHexString(Hmac(SigningKey(scope, credentials), text));
  const std::string authorization =
      absl::StrCat(kAlgorithm, " Credential=", credentials.access_key_id, "/", ScopeText(scope),
                   ", SignedHeaders=", SignedHeaders(request), ", Signature=", signature);
  request.headers["authorization"] = authorization;
}

}  // namespace ruyi
