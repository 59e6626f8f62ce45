// Ends the work on a call when its deadline passes or its caller goes. Before it: the RPC. After it: core/intake, which
// polls the token. Thread-safe.
#pragma once

#include "core/base/call_context.h"
#include "core/base/cancellation.h"
#include "core/base/clock.h"

namespace ruyi {

// Returns CANCELLED with the reason CANCELLED_BY_CALLER.
absl::Status CancelledByCaller();

// Ends at the call's deadline, as far as that lies away now; never, when the caller set none. `clock` must outlive it.
CancellationSource CancellationOf(const CallContext& caller, const Clock& clock);

}  // namespace ruyi
