#include "client/connection.h"

#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/base/text_file.h"
#include "core/pem/pem_text.h"

namespace ruyi::client {
namespace {

absl::Status Wrong(const std::string& message) {
  return absl::FailedPreconditionError(message);
}

absl::Status Named(const char* flag, const absl::Status& status) {
  return status.ok() ? status : Wrong(absl::StrFormat("%s: %s", flag, std::string(status.message())));
}

absl::StatusOr<std::string> TextOf(const char* flag, const std::string& path) {
  absl::StatusOr<std::string> text = path.empty() ? std::string() : ReadTextFile(path);
  if (!text.ok())
    return Named(flag, text.status());
  return text;
}

absl::StatusOr<std::string> TokenOf(const ConnectionOptions& options) {
  const char* const variable = std::getenv("RUYI_TOKEN");
  std::string token = variable == nullptr ? "" : variable;
  if (!options.token_file.empty()) {
    absl::StatusOr<std::string> text = TextOf("--token-file", options.token_file);
    if (!text.ok())
      return text;
    token = *text;
  }
  absl::StripAsciiWhitespace(&token);
  const bool is_printable =
      std::all_of(token.begin(), token.end(), [](char letter) { return letter > ' ' && letter <= '~'; });
  if (!is_printable)
    return Wrong("the token must be one word of printable ASCII characters; look into --token-file or RUYI_TOKEN");
  return token;
}

// gRPC would take what is wrong, log lines of its own, and answer every call with "empty address list".
absl::Status CheckFiles(const PemText& ca, const PemText& certificate, const PemText& key) {
  RUYI_RETURN_IF_ERROR(Named("--tls-ca", CertificatesOf(ca).status()));
  if (certificate.path.empty())
    return absl::OkStatus();
  RUYI_RETURN_IF_ERROR(Named("--tls-cert", CertificatesOf(certificate).status()));
  return Named("--tls-key", CheckPair(certificate, key));
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> CredentialsOf(const ConnectionOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty())
    return Wrong("--tls-cert and --tls-key: one is of no use without the other; give both");
  if (options.tls_ca.empty()) {
    if (!options.tls_cert.empty())
      return Wrong("--tls-cert: it is shown over TLS only; give --tls-ca too");
    if (!options.tls_server_name.empty())
      return Wrong("--tls-server-name: it is looked for over TLS only; give --tls-ca too");
    return grpc::InsecureChannelCredentials();
  }
  RUYI_ASSIGN_OR_RETURN(const std::string ca, TextOf("--tls-ca", options.tls_ca));
  RUYI_ASSIGN_OR_RETURN(const std::string certificate, TextOf("--tls-cert", options.tls_cert));
  RUYI_ASSIGN_OR_RETURN(const std::string key, TextOf("--tls-key", options.tls_key));
  RUYI_RETURN_IF_ERROR(CheckFiles({options.tls_ca, ca}, {options.tls_cert, certificate}, {options.tls_key, key}));
  return grpc::SslCredentials({.pem_root_certs = ca, .pem_private_key = key, .pem_cert_chain = certificate});
}

}  // namespace

absl::StatusOr<ChannelOptions> ChannelOptionsOf(const ConnectionOptions& options, const std::string& address) {
  ChannelOptions channel;
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials = CredentialsOf(options);
  if (!credentials.ok())
    return credentials.status();
  absl::StatusOr<std::string> token = TokenOf(options);
  if (!token.ok())
    return token.status();
  if (!token->empty() && options.tls_ca.empty() && !IsOfThisMachine(address)) {
    return Wrong(absl::StrFormat(
        "the token would travel unencrypted to %s, where anybody on the way can read it; give --tls-ca", address));
  }
  channel.credentials = *std::move(credentials);
  channel.encrypts = !options.tls_ca.empty();
  channel.tls_server_name = options.tls_server_name;
  channel.token = *std::move(token);
  return channel;
}

}  // namespace ruyi::client
