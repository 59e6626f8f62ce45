// Says that a call failed, and waits before it is sent again. Before it: CreateVideo, JobFollower. After it:
// RetryPolicy, Waiter. Not thread-safe.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "client/retry_policy.h"
#include "client/waiter.h"

namespace ruyi::client {

// Says how long to try.
struct Patience {
  absl::Duration retry_for;                      // since the last message that came; 0: no call is sent again
  absl::Time deadline = absl::InfiniteFuture();  // of all attempts together
};

// Says what to do about a call that failed.
enum class Verdict {
  kAgain,
  kFinal,      // the server has said something that trying again does not change
  kGaveUp,     // nothing has come for as long as Patience::retry_for
  kTimedOut,   // Patience::deadline has passed
  kCancelled,  // the source was cancelled
};

// Says how a call ended that was repeated until it succeeded or a verdict said to stop.
struct CallEnd {
  grpc::Status status;                // of the last attempt
  Verdict verdict = Verdict::kFinal;  // why there was no other attempt; without meaning for a call that succeeded
};

class Retrier {
 public:
  using Rule = bool (*)(const grpc::Status&);
  using Notice = std::function<void(const std::string&)>;

  // `rule` says which statuses are tried again. `waiter` and `source` must outlive the retrier.
  Retrier(Rule rule, const Patience& patience, Waiter* waiter, CancelSource* source);

  // Sets the function that is given a sentence about each wait, for the user; without one nothing is said.
  void SetNotice(Notice notice) { notice_ = std::move(notice); }

  // To be called after a failure. Waits and returns kAgain, or returns another verdict. Blocks.
  Verdict AfterFailure(const grpc::Status& status);

  // To be called when a message has come: the next failure counts as the first one.
  void AfterSuccess();

 private:
  Rule rule_;
  absl::Time deadline_;
  Waiter* waiter_;
  CancelSource* source_;
  RetryPolicy policy_;
  bool is_known_to_work_ = false;  // a message has come over a connection such as this
  Notice notice_;
};

// Returns, for example, "the server is away (Connection refused)", "the connection broke (RST_STREAM)", "the server
// says: the model is loading [MODEL_LOADING]", or a ConnectionFault with its cause.
std::string FailureText(const grpc::Status& status);

}  // namespace ruyi::client
