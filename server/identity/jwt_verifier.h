// Checks JSON Web Tokens (RFC 7519) that an identity provider has signed, by the public keys in a file (JWKS, RFC
// 7517), which may be read anew while calls go on. Before it: --jwt-jwks. After it: the Doorkeeper. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "server/identity/identity.h"

namespace ruyi {

struct JwtOptions {
  std::string jwks;      // the file of keys
  std::string audience;  // that `aud` must have
  std::string issuer;    // that `iss` must be
};

class JwtVerifier {
 public:
  // The clocks of the issuer and of this machine may differ by this much.
  static constexpr absl::Duration kClockSkew = absl::Seconds(60);

  // Trusts no key before Reload. `clock` must outlive the object.
  JwtVerifier(JwtOptions options, const Clock& clock);
  ~JwtVerifier();

  // Reads the file of keys. FAILED_PRECONDITION: it cannot be read or has no key that serves (RSA of 2048 bits or more
  // for RS256, P-256 for ES256); the keys stay as they were. Blocks on the disk.
  absl::Status Reload();

  // Returns whose a token is: the principal is its claim `sub`, the tenant `tenant`, the role `role` (user when there
  // is none). UNAUTHENTICATED CREDENTIALS_INVALID: it is malformed, signed by nobody that is trusted or in another way
  // than RS256 and ES256, not valid yet, or of another issuer or audience; CREDENTIALS_EXPIRED. PERMISSION_DENIED
  // NO_TENANT: `sub` or `tenant` is missing or no IsIdentityName; UNKNOWN_ROLE.
  absl::StatusOr<Identity> Check(std::string_view token) const;

 private:
  class Keys;

  const JwtOptions options_;
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const Keys> keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
