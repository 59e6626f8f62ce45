// Says on whose behalf a call is made, until when, and by which names logs and traces find it. Before it: the edge,
// which makes one for each call (server/service/doorkeeper.h). After it: core/intake, which writes it on the job's
// ticket, and the log. A value.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace ruyi {

// The tenant of everybody where the server tells nobody apart, and of jobs from before there were tenants.
inline constexpr char kDefaultTenant[] = "default";

enum class Role {
  kUser,   // has videos of its tenant made
  kAdmin,  // may administer the server too
};

struct CallContext {
  std::string principal = "anonymous";  // who calls
  std::string tenant = kDefaultTenant;  // whose videos and uploads there are for the call
  Role role = Role::kUser;
  absl::Time deadline = absl::InfiniteFuture();  // of the call
  std::string call_id;                           // the caller's x-request-id, or one that was drawn
  std::string traceparent;                       // of W3C Trace Context, or empty
};

}  // namespace ruyi
