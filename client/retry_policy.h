// Decides which calls are sent again, and when. Before it: the status of a call. After it: Retrier, which waits. Not
// thread-safe; the functions are pure.
#pragma once

#include <grpcpp/support/status.h>

#include <optional>

#include "absl/random/random.h"
#include "absl/time/time.h"

namespace ruyi::client {

// Returns true when a unary call that ended with `status` may be sent again: for UNAVAILABLE without a lasting
// ConnectionFault, for RESOURCE_EXHAUSTED and ABORTED that say when (RetryInfo), and for CANCELLED without ErrorInfo:
// with that gRPC ends a call that reaches a server at the moment of its shutdown, and nobody has worked on it.
bool MayCallAgain(const grpc::Status& status);

// Returns true when a stream that ended with `status`, without its last message, may be opened again. A status that the
// server itself has made (it has ErrorInfo) is judged as in MayCallAgain. Any other end, OK too, was made on the way to
// the server, for proxies end streams with codes of their own; only ends that would be the same the next time are
// final: UNIMPLEMENTED, UNAUTHENTICATED, a lasting ConnectionFault and the like.
bool MayStreamAgain(const grpc::Status& status);

class RetryPolicy {
 public:
  // Allows attempts for `window` after the first failure; 0: none.
  explicit RetryPolicy(absl::Duration window) : window_(window) {}

  // Returns how long to wait after a failure at `now`: longer each time, at random a little more or less, and not
  // shorter than the server asks for. Returns nullopt when the window is over, or would be by then.
  std::optional<absl::Duration> Next(absl::Time now, const grpc::Status& status);

  // To be called when a message has come: the next failure counts as the first one.
  void Reset();

 private:
  absl::Duration window_;
  std::optional<absl::Time> first_failure_;
  absl::Duration delay_;
  absl::BitGen random_;
};

}  // namespace ruyi::client
