#include "server/service/doorkeeper.h"

#include <arpa/inet.h>
#include <grpcpp/security/auth_context.h>

#include <algorithm>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/digest/sha256.h"
#include "core/intake/job_request.h"

namespace ruyi {
namespace {

constexpr char kCallIdKey[] = "x-request-id";
constexpr char kTraceKey[] = "traceparent";
constexpr char kAuthorizationKey[] = "authorization";
constexpr std::string_view kBearer = "bearer ";

std::string_view TextOf(const grpc::string_ref& text) {
  return {text.data(), text.size()};
}

// Returns the values of a key that callers send; most send none or one.
std::vector<std::string_view> Sent(const grpc::ServerContextBase& context, const char* key) {
  std::vector<std::string_view> values;
  const auto [begin, end] = context.client_metadata().equal_range(key);
  for (auto value = begin; value != end; ++value)
    values.push_back(TextOf(value->second));
  return values;
}

std::string DrawCallId() {
  absl::BitGen random;
  return absl::StrFormat("%016x", absl::Uniform<uint64_t>(random));
}

std::string CallIdOf(const grpc::ServerContextBase& context) {
  const std::vector<std::string_view> sent = Sent(context, kCallIdKey);
  const bool is_right = sent.size() == 1 && sent[0].size() <= kMaxRequestIdBytes && IsIdentityName(sent[0]);
  return is_right ? std::string(sent[0]) : DrawCallId();
}

// Returns what W3C Trace Context calls a traceparent of version 00, or nothing.
std::string TraceOf(const grpc::ServerContextBase& context) {
  constexpr std::string_view kForm = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  const std::vector<std::string_view> sent = Sent(context, kTraceKey);
  if (sent.size() != 1 || sent[0].size() != kForm.size())
    return "";
  const bool is_right = std::equal(sent[0].begin(), sent[0].end(), kForm.begin(), [](char letter, char form) {
    return form == 'x' ? absl::ascii_isxdigit(letter) && !absl::ascii_isupper(letter) : letter == form;
  });
  return is_right ? std::string(sent[0]) : "";
}

absl::Time DeadlineOf(const grpc::ServerContextBase& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  const bool is_set = deadline != std::chrono::system_clock::time_point::max();
  return is_set ? absl::FromChrono(deadline) : absl::InfiniteFuture();
}

absl::Status Missing() {
  return ErrorWithReason(absl::StatusCode::kUnauthenticated,
                         "the call has no credential; send a token in its metadata, as authorization: Bearer TOKEN",
                         reason::kCredentialsMissing);
}

absl::Status Malformed() {
  return ErrorWithReason(absl::StatusCode::kUnauthenticated,
                         "the metadata 'authorization' has another form than one 'Bearer TOKEN'; send that",
                         reason::kCredentialsInvalid);
}

absl::Status NamesNobody() {
  return ErrorWithReason(absl::StatusCode::kPermissionDenied,
                         "the client's certificate has no name that can be a tenant: 1 to 128 printable ASCII "
                         "characters, as its subject alternative name or its common name; use another certificate",
                         reason::kNoTenant);
}

absl::Status NoAdministrators() {
  return ErrorWithReason(absl::StatusCode::kPermissionDenied,
                         "only administrators may do this, and this server has none: certificates alone make nobody an "
                         "administrator. Start it with --tokens or --jwt-jwks beside --tls-client-ca, and come with a "
                         "token or JWT of the role admin",
                         reason::kWrongRole);
}

absl::Status NoAdministrator(const std::string& principal) {
  return ErrorWithReason(absl::StatusCode::kPermissionDenied,
                         absl::StrCat("only administrators may make this call, and '", principal,
                                      "' is none; use a token or JWT of the role admin"),
                         reason::kWrongRole);
}

absl::Status TooManyAttempts(absl::Duration wait) {
  return WithErrorInfo(absl::ResourceExhaustedError("too many wrong credentials came from this address; correct the "
                                                    "credential, and try again after the delay"),
                       {.reason = std::string(reason::kTooManyAttempts), .retry_delay = wait});
}

// Returns whose the certificate of the call is: the first of its subject alternative names, else its common name.
absl::StatusOr<Identity> IdentityOfCertificate(const grpc::ServerContextBase& context) {
  const std::shared_ptr<const grpc::AuthContext> transport = context.auth_context();
  for (const char* property :
       {"peer_spiffe_id", "peer_uri", "peer_dns", "peer_email", "x509_subject_alternative_name", "x509_common_name"}) {
    const std::vector<grpc::string_ref> values = transport->FindPropertyValues(property);
    if (values.empty())
      continue;
    const std::string name(TextOf(values.front()));
    if (!IsIdentityName(name))
      return NamesNobody();
    return Identity{.principal = name, .tenant = name};
  }
  return NamesNobody();
}

}  // namespace

std::string AddressOfPeer(std::string_view peer) {
  constexpr int kKeptBytes = 8;
  const std::string text = absl::StrReplaceAll({peer.data(), peer.size()}, {{"%5B", "["}, {"%5D", "]"}});
  if (absl::StartsWith(text, "ipv4:"))
    return text.substr(0, text.rfind(':')).substr(std::string_view("ipv4:").size());
  in6_addr address = {};
  const size_t begin = text.find('[');
  const size_t end = text.find_first_of("]%", begin);
  if (begin == std::string::npos || end == std::string::npos ||
      inet_pton(AF_INET6, text.substr(begin + 1, end - begin - 1).c_str(), &address) != 1)
    return text;
  std::fill(address.s6_addr + kKeptBytes, std::end(address.s6_addr), 0);
  char network[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, &address, network, sizeof(network));
  return absl::StrCat(network, "/64");
}

Doorkeeper::Evidence Doorkeeper::EvidenceOf(const grpc::ServerContextBase& context, const std::string& method) {
  return {.peer = AddressOfPeer(context.peer()),
          .method = method,
          .authorization = Sent(context, kAuthorizationKey),
          .of_certificate = [&context] { return IdentityOfCertificate(context); }};
}

absl::StatusOr<CallContext> Doorkeeper::Admit(grpc::ServerContextBase& context, const std::string& method) {
  CallContext caller = {.deadline = DeadlineOf(context), .call_id = CallIdOf(context), .traceparent = TraceOf(context)};
  context.AddInitialMetadata(kCallIdKey, caller.call_id);
  RUYI_RETURN_IF_ERROR(LetIn(EvidenceOf(context, method), caller));
  return caller;
}

absl::StatusOr<CallContext> Doorkeeper::AdmitAdmin(grpc::ServerContextBase& context, const std::string& method) {
  RUYI_ASSIGN_OR_RETURN(CallContext caller, Admit(context, method));
  RUYI_RETURN_IF_ERROR(CheckAdmin(EvidenceOf(context, method), caller));
  return caller;
}

absl::StatusOr<CallContext> Doorkeeper::AdmitAdmin(std::optional<std::string_view> authorization,
                                                   const std::string& peer, const std::string& method) {
  CallContext caller = {.call_id = DrawCallId()};
  Evidence evidence = {.peer = peer, .method = method, .authorization = {}, .of_certificate = nullptr};
  if (authorization.has_value())
    evidence.authorization.push_back(*authorization);
  RUYI_RETURN_IF_ERROR(LetIn(evidence, caller));
  RUYI_RETURN_IF_ERROR(CheckAdmin(evidence, caller));
  return caller;
}

void Doorkeeper::OnRefused(const std::string& peer, const std::string& method, const absl::Status& why) const {
  parts_.on_refused({.peer = peer, .call_id = "", .traceparent = "", .method = method, .why = why});
}

absl::Status Doorkeeper::LetIn(const Evidence& evidence, CallContext& caller) {
  absl::StatusOr<Identity> identity = IdentityOf(evidence);
  if (!identity.ok())
    return Refuse(evidence, caller, identity.status());
  caller.principal = std::move(identity->principal);
  caller.tenant = std::move(identity->tenant);
  caller.role = identity->role;
  return absl::OkStatus();
}

absl::Status Doorkeeper::CheckAdmin(const Evidence& evidence, const CallContext& caller) const {
  if (caller.role == Role::kAdmin)
    return absl::OkStatus();
  return Refuse(evidence, caller,
                parts_.check_token == nullptr ? NoAdministrators() : NoAdministrator(caller.principal));
}

absl::Status Doorkeeper::Refuse(const Evidence& evidence, const CallContext& caller, const absl::Status& why) const {
  parts_.on_refused({.peer = evidence.peer,
                     .call_id = caller.call_id,
                     .traceparent = caller.traceparent,
                     .method = evidence.method,
                     .why = why});
  return why;
}

absl::StatusOr<Identity> Doorkeeper::IdentityOf(const Evidence& evidence) {
  const bool has_tokens = parts_.check_token != nullptr;
  if (!has_tokens && !parts_.has_certificates)
    return Identity{.principal = "anonymous", .tenant = kDefaultTenant, .role = Role::kAdmin};
  const std::vector<std::string_view>& sent = evidence.authorization;
  if (has_tokens && sent.size() == 1 &&
      absl::EqualsIgnoreCase({sent[0].data(), std::min(sent[0].size(), kBearer.size())},
                             {kBearer.data(), kBearer.size()}))
    return IdentityOfToken(sent[0].substr(kBearer.size()), evidence.peer);
  if (has_tokens && !sent.empty())
    return Malformed();
  if (parts_.has_certificates && evidence.of_certificate != nullptr)
    return evidence.of_certificate();
  return has_tokens ? Missing() : NoAdministrators();
}

absl::StatusOr<Identity> Doorkeeper::IdentityOfToken(std::string_view token, const std::string& peer) {
  const std::string digest = Sha256Hex(token);
  if (const absl::Duration wait = failed_.WaitOf(peer, digest); wait > absl::ZeroDuration())
    return TooManyAttempts(wait);
  absl::StatusOr<Identity> identity = parts_.check_token(token);
  if (identity.ok())
    failed_.OnRight(digest);
  else
    failed_.OnWrong(peer);
  return identity;
}

}  // namespace ruyi
