#include "core/s3/web_identity_credentials.h"

#include <fstream>
#include <iterator>
#include <pugixml.hpp>

#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "core/s3/uri_encode.h"

namespace ruyi {
namespace {

constexpr absl::Duration kRefreshBefore = absl::Minutes(5);
constexpr int kOk = 200;

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::string token(absl::StripAsciiWhitespace(text));
  if (token.empty())
    return absl::UnavailableError(
        absl::StrFormat("there is no token in AWS_WEB_IDENTITY_TOKEN_FILE (%s): look whether it is mounted", path));
  return token;
}

absl::StatusOr<AwsCredentials> CredentialsOf(const std::string& xml) {
  pugi::xml_document document;
  document.load_buffer(xml.data(), xml.size());
  const pugi::xml_node node =
      document.child("AssumeRoleWithWebIdentityResponse").child("AssumeRoleWithWebIdentityResult").child("Credentials");
  AwsCredentials credentials = {.access_key_id = node.child_value("AccessKeyId"),
                                .secret_access_key = node.child_value("SecretAccessKey"),
                                .session_token = node.child_value("SessionToken")};
  std::string error;
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() ||
      !absl::ParseTime(absl::RFC3339_full, node.child_value("Expiration"), &credentials.expire_time, &error))
    return absl::UnavailableError("STS gave no credentials that can be read: look at AWS_ENDPOINT_URL_STS");
  return credentials;
}

absl::Status Refused(const HttpResponse& response, const WebIdentity& identity) {
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node error = document.child("ErrorResponse").child("Error");
  return absl::UnavailableError(absl::StrFormat(
      "STS gives no credentials for AWS_ROLE_ARN %s: %d %s %s. Look at the trust policy of the role, and at the token",
      identity.role_arn, response.status, error.child_value("Code"), error.child_value("Message")));
}

}  // namespace

absl::StatusOr<AwsCredentials> WebIdentityCredentials::Get() {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  if (now < credentials_.expire_time - kRefreshBefore)
    return credentials_;
  absl::StatusOr<AwsCredentials> fresh = Fetch();
  if (fresh.ok())
    credentials_ = *std::move(fresh);
  else if (now >= credentials_.expire_time)
    return fresh.status();
  return credentials_;
}

void WebIdentityCredentials::Expire() {
  absl::MutexLock lock(&mutex_);
  credentials_.expire_time = absl::InfinitePast();
}

absl::StatusOr<AwsCredentials> WebIdentityCredentials::Fetch() const {
  RUYI_ASSIGN_OR_RETURN(const std::string token, ReadToken(identity_.token_file));
  const std::string form = UriEncodeQuery({{"Action", "AssumeRoleWithWebIdentity"},
                                           {"Version", "2011-06-15"},
                                           {"RoleArn", identity_.role_arn},
                                           {"RoleSessionName", identity_.session_name},
                                           {"WebIdentityToken", token}});
  RUYI_ASSIGN_OR_RETURN(const HttpResponse response,
                        http_.Send({.method = "POST",
                                    .url = identity_.endpoint + "/",
                                    .headers = {{"content-type", "application/x-www-form-urlencoded"}},
                                    .body = form}));
  return response.status == kOk ? CredentialsOf(response.body) : Refused(response, identity_);
}

}  // namespace ruyi
