#include "core/s3/credentials_provider.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/s3/credentials_file.h"
#include "core/s3/web_identity_credentials.h"

namespace ruyi {
namespace {

class FixedCredentials final : public CredentialsProvider {
 public:
  explicit FixedCredentials(AwsCredentials credentials) : credentials_(std::move(credentials)) {}
  absl::StatusOr<AwsCredentials> Get() override { return credentials_; }
  void Expire() override {}

 private:
  const AwsCredentials credentials_;
};

std::string ValueOf(const Environment& environment, const std::string& name, const std::string& fallback = "") {
  const std::string value = environment(name).value_or("");
  return value.empty() ? fallback : value;
}

absl::StatusOr<std::unique_ptr<CredentialsProvider>> FromEnvironment(const Environment& environment) {
  AwsCredentials credentials = {.access_key_id = ValueOf(environment, "AWS_ACCESS_KEY_ID"),
                                .secret_access_key = ValueOf(environment, "AWS_SECRET_ACCESS_KEY"),
                                .session_token = ValueOf(environment, "AWS_SESSION_TOKEN")};
  if (credentials.secret_access_key.empty())
    return absl::FailedPreconditionError("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not: set both");
  return std::make_unique<FixedCredentials>(std::move(credentials));
}

absl::StatusOr<std::unique_ptr<CredentialsProvider>> FromWebIdentity(const Environment& environment,
                                                                     const std::string& region, HttpClient& http,
                                                                     const Clock& clock) {
  WebIdentity identity = {
      .token_file = ValueOf(environment, "AWS_WEB_IDENTITY_TOKEN_FILE"),
      .role_arn = ValueOf(environment, "AWS_ROLE_ARN"),
      .session_name = ValueOf(environment, "AWS_ROLE_SESSION_NAME", "ruyi-server"),
      .endpoint = ValueOf(environment, "AWS_ENDPOINT_URL_STS", absl::StrCat("https://sts.", region, ".amazonaws.com"))};
  if (identity.role_arn.empty())
    return absl::FailedPreconditionError("AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not: set both");
  return std::make_unique<WebIdentityCredentials>(std::move(identity), http, clock);
}

absl::StatusOr<std::unique_ptr<CredentialsProvider>> FromFile(const Environment& environment) {
  const std::string home = absl::StrCat(ValueOf(environment, "HOME"), "/.aws/credentials");
  const std::string path = ValueOf(environment, "AWS_SHARED_CREDENTIALS_FILE", home);
  if (!std::filesystem::exists(path)) {
    return absl::FailedPreconditionError(
        absl::StrCat("there are no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                     "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or make ",
                     path));
  }
  auto file = std::make_unique<CredentialsFile>(path, ValueOf(environment, "AWS_PROFILE", "default"));
  if (const absl::Status status = file->Get().status(); !status.ok())
    return absl::FailedPreconditionError(status.message());
  return file;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CredentialsProvider>> MakeCredentialsProvider(const Environment& environment,
                                                                             const std::string& region,
                                                                             HttpClient& http, const Clock& clock) {
  if (!ValueOf(environment, "AWS_ACCESS_KEY_ID").empty())
    return FromEnvironment(environment);
  if (!ValueOf(environment, "AWS_WEB_IDENTITY_TOKEN_FILE").empty())
    return FromWebIdentity(environment, region, http, clock);
  return FromFile(environment);
}

}  // namespace ruyi
