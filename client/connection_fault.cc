#include "client/connection_fault.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace ruyi::client {
namespace {

constexpr std::string_view kNotConnected = "failed to connect to all addresses; last error: ";
constexpr std::string_view kNoConnection = "Failed to connect to remote host: ";

constexpr ConnectionFault kUntrusted = {
    .what = "the server's certificate is signed by none of those in --tls-ca, or is not valid at this time",
    .remedy =
        "give the certificate of the authority that signed it as --tls-ca, and look at the clocks of both machines",
    .lasts = true};
constexpr ConnectionFault kOtherName = {
    .what = "the server's certificate is for other names",
    .remedy = "call the server by a name in its certificate, or give that name as --tls-server-name",
    .lasts = true};
constexpr ConnectionFault kNoTls = {.what = "what listens there speaks no TLS",
                                    .remedy =
                                        "leave out --tls-ca (and the variable RUYI_TLS_CA) where it is not "
                                        "meant to, or name the port that has TLS",
                                    .lasts = true};
constexpr ConnectionFault kNoHttp2 = {.what = "what listens there speaks TLS, but no HTTP/2",
                                      .remedy = "name the port of ruyi-server, or of a proxy that carries HTTP/2",
                                      .lasts = true};
constexpr ConnectionFault kNotLetIn = {
    .what = "the server does not take this client's certificate, or wants one",
    .remedy = "give --tls-cert and --tls-key a pair whose certificate the server's --tls-client-ca has signed",
    .lasts = true};
constexpr ConnectionFault kNoGrpc = {.what = "what listens there does not speak gRPC",
                                     .remedy = "name the port of ruyi-server's API"};
constexpr ConnectionFault kUnknownHost = {.what = "the server's name is not known here",
                                          .remedy = "look at --server (or the variable RUYI_SERVER)"};
constexpr ConnectionFault kClosed = {
    .what = "the server closes each connection before it answers",
    .remedy =
        "it may want TLS (--tls-ca), or a certificate of this client that it trusts and that has not expired "
        "(--tls-cert, --tls-key)"};

struct Sign {
  std::string_view words;  // in small letters
  const ConnectionFault& fault;
};

// gRPC 1.51 with OpenSSL.
constexpr Sign kSigns[] = {
    {"certificate verify failed", kUntrusted},
    {"is not in peer certificate", kOtherName},
    {"wrong version number", kNoTls},
    {"missing selected alpn property", kNoHttp2},
    {"alert handshake failure", kNotLetIn},  // this and the next ones come with TLS 1.2
    {"alert bad certificate", kNotLetIn},
    {"alert certificate", kNotLetIn},
    {"alert unknown ca", kNotLetIn},
    {"http1.x server", kNoGrpc},
    {"failed parsing http/2", kNoGrpc},
    {"domain name not found", kUnknownHost},
    {"socket closed", kClosed},
    {"endpoint read failed", kClosed},
    {"connection reset by peer", kClosed},
};

// A connection that broke later has some of the same words, and no fault.
bool IsNotConnected(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE && status.error_details().empty() &&
         (absl::StartsWith(status.error_message(), std::string(kNotConnected)) ||
          absl::StartsWith(status.error_message(), "DNS resolution failed"));
}

}  // namespace

const ConnectionFault* FindConnectionFault(const grpc::Status& status) {
  if (!IsNotConnected(status))
    return nullptr;
  const std::string text = absl::AsciiStrToLower(status.error_message());
  const auto* const found = std::find_if(std::begin(kSigns), std::end(kSigns), [&text](const Sign& sign) {
    return text.find(sign.words) != std::string::npos;
  });
  return found == std::end(kSigns) ? nullptr : &found->fault;
}

bool IsLastingFault(const grpc::Status& status) {
  const ConnectionFault* const fault = FindConnectionFault(status);
  return fault != nullptr && fault->lasts;
}

std::string CauseText(const grpc::Status& status) {
  const std::string message = status.error_message();
  std::string_view text = message;
  if (text.starts_with(kNotConnected)) {
    text.remove_prefix(kNotConnected.size());
    for (int i = 0; i < 2; ++i) {  // the code, and the address
      if (const size_t colon = text.find(": "); colon != std::string_view::npos)
        text.remove_prefix(colon + 2);
    }
  }
  if (text.starts_with(kNoConnection))
    text.remove_prefix(kNoConnection.size());
  return std::string(text);
}

}  // namespace ruyi::client
