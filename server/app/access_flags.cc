#include "server/app/access_flags.h"

#include "absl/strings/str_format.h"
#include "server/app/listen_address.h"

namespace ruyi {
namespace {

void AddFile(CLI::App& app, const std::string& flag, const std::string& variable, std::string& value,
             const std::string& help) {
  app.add_option(flag, value, help)->envname(variable)->type_name("FILE");
}

}  // namespace

void AddAccessFlags(CLI::App& app, AccessOptions& options) {
  AddFile(app, "--tls-cert", "RUYI_TLS_CERT", options.tls_cert,
          "Serve TLS with this certificate and those that lead to its root, in PEM; read again when it changes");
  AddFile(app, "--tls-key", "RUYI_TLS_KEY", options.tls_key, "The certificate's private key, in PEM");
  AddFile(app, "--tls-client-ca", "RUYI_TLS_CLIENT_CA", options.tls_client_ca,
          "Let in only clients with a certificate that one of these has signed, in PEM");
  app.add_flag("--insecure", options.insecure, "Listen without TLS on other addresses than this machine's own")
      ->envname("RUYI_INSECURE");
  AddFile(app, "--tokens", "RUYI_TOKENS", options.tokens,
          "Let in callers with a token of this file, which `ruyi-server token` writes; read again when it changes");
  AddFile(app, "--jwt-jwks", "RUYI_JWT_JWKS", options.jwt_jwks,
          "Let in callers with a JWT (RS256, ES256) that a key of this JSON Web Key Set has signed; read again when it "
          "changes");
  app.add_option("--jwt-audience", options.jwt_audience, "What the claim aud of a JWT must have")
      ->envname("RUYI_JWT_AUDIENCE")
      ->type_name("TEXT");
  app.add_option("--jwt-issuer", options.jwt_issuer, "What the claim iss of a JWT must be")
      ->envname("RUYI_JWT_ISSUER")
      ->type_name("TEXT");
  AddFile(app, "--quotas", "RUYI_QUOTAS", options.quotas,
          "Hold tenants to the quotas in this JSON file; read again when it changes");
}

std::string WrongAccess(const AccessOptions& options, const std::string& listen, const std::string& flag) {
  const bool has_tls = !options.tls_cert.empty();
  if (has_tls == options.tls_key.empty())
    return "--tls-cert and --tls-key: one is of no use without the other; give both";
  if (!options.tls_client_ca.empty() && !has_tls)
    return "--tls-client-ca: clients show certificates over TLS only; give --tls-cert and --tls-key too";
  const bool has_jwt = !options.jwt_jwks.empty();
  if (has_jwt == options.jwt_audience.empty() || has_jwt == options.jwt_issuer.empty())
    return "--jwt-jwks, --jwt-audience and --jwt-issuer: a JWT is checked by all three; give all or none";
  if (has_tls || IsLoopback(listen))
    return "";
  if (has_jwt || !options.tokens.empty())
    return absl::StrFormat(
        "--tokens and --jwt-jwks: tokens would travel unencrypted to %s, where anybody can read them; give --tls-cert "
        "and --tls-key, or listen on 127.0.0.1 with %s",
        listen, flag);
  if (options.insecure)
    return "";
  return absl::StrFormat(
      "%s: %s can be reached from other machines, and the server would serve everybody without encryption; give "
      "--tls-cert and --tls-key, listen on 127.0.0.1, or say --insecure where the network is yours alone",
      flag, listen);
}

}  // namespace ruyi
