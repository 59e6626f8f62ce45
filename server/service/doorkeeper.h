// Lets a call in or refuses it, and says on whose behalf it is made: the one place where a CallContext is made. Before
// it: the wire. After it: video_service.h, which asks it first in every call. Thread-safe; never waits.
#pragma once

#include <grpcpp/server_context.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/call_context.h"
#include "core/base/clock.h"
#include "server/identity/failed_attempts.h"
#include "server/identity/identity.h"

namespace ruyi {

class Doorkeeper {
 public:
  // Returns whose a bearer token is. UNAUTHENTICATED or PERMISSION_DENIED, in words without the token.
  using CheckToken = std::function<absl::StatusOr<Identity>(std::string_view token)>;

  // A call that was not let in.
  struct Refusal {
    std::string peer;
    std::string call_id;
    std::string traceparent;
    std::string method;  // what was asked for: "ruyi.v1.AdminService/Drain", or "POST /api/drain" over plain HTTP
    absl::Status why;
  };

  struct Parts {
    const Clock* clock = nullptr;      // must outlive the doorkeeper
    CheckToken check_token = nullptr;  // none: no token is looked at
    bool has_certificates = false;     // the transport lets in nobody without a certificate that it trusts
    std::function<void(const Refusal&)> on_refused = [](const Refusal&) {};
  };
  explicit Doorkeeper(Parts parts) : parts_(std::move(parts)), failed_(*parts_.clock) {}

  // Returns the context of a call of `method`, "ruyi.v1.VideoService/GetVideo". Where neither tokens nor certificates
  // are asked for, everybody is the default tenant and may do everything. Where both are, a token counts, and the
  // certificate only without one. The answer's metadata gets the call's id. UNAUTHENTICATED CREDENTIALS_MISSING,
  // CREDENTIALS_INVALID or CREDENTIALS_EXPIRED; PERMISSION_DENIED NO_TENANT or UNKNOWN_ROLE; RESOURCE_EXHAUSTED
  // TOO_MANY_ATTEMPTS: the peer has sent too many wrong credentials.
  absl::StatusOr<CallContext> Admit(grpc::ServerContextBase& context, const std::string& method);

  // Does the same for a call that only administrators may make. PERMISSION_DENIED WRONG_ROLE: the caller is none.
  absl::StatusOr<CallContext> AdmitAdmin(grpc::ServerContextBase& context, const std::string& method);

  // Does the same for a request that came over plain HTTP from `peer`, an address as AddressOfPeer gives it, by the
  // value of its header Authorization, if there is one. It has no certificate: where certificates are asked for, only a
  // token lets it in, and where nothing else is, nothing does: PERMISSION_DENIED WRONG_ROLE.
  absl::StatusOr<CallContext> AdmitAdmin(std::optional<std::string_view> authorization, const std::string& peer,
                                         const std::string& method);

  // Tells that such a request was refused before its credential was looked at.
  void OnRefused(const std::string& peer, const std::string& method, const absl::Status& why) const;

 private:
  // Says what a call shows of who makes it, and what it asks for.
  struct Evidence {
    std::string peer;
    std::string method;
    std::vector<std::string_view> authorization;               // the values of that key
    std::function<absl::StatusOr<Identity>()> of_certificate;  // none: the transport has no certificates
  };

  static Evidence EvidenceOf(const grpc::ServerContextBase& context, const std::string& method);

  // Fills in who calls, or tells that the call was refused.
  absl::Status LetIn(const Evidence& evidence, CallContext& caller);
  absl::Status CheckAdmin(const Evidence& evidence, const CallContext& caller) const;
  absl::Status Refuse(const Evidence& evidence, const CallContext& caller, const absl::Status& why) const;
  absl::StatusOr<Identity> IdentityOf(const Evidence& evidence);
  absl::StatusOr<Identity> IdentityOfToken(std::string_view token, const std::string& peer);

  const Parts parts_;
  FailedAttempts failed_;
};

// Returns the address in what gRPC says of a peer ("ipv4:192.0.2.1:50000"), without the port, and of an IPv6 address
// the first 64 bits, which one machine may have all to itself.
std::string AddressOfPeer(std::string_view peer);

}  // namespace ruyi
