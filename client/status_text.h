// Turns the status of a call into the text that the user reads. Before it: a call that failed. After it: stderr. Pure;
// thread-safe.
#pragma once

#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include <optional>
#include <string>
#include <string_view>

#include "client/flag_names.h"

namespace ruyi::client {

// Returns the status with the details that came with it; without details when there are none or they cannot be read.
google::rpc::Status WithDetails(const grpc::Status& status);

// Returns the first detail of the type `Detail`.
template <typename Detail>
std::optional<Detail> FindDetail(const google::rpc::Status& status) {
  for (const google::protobuf::Any& any : status.details()) {
    if (Detail detail; any.UnpackTo(&detail))
      return detail;
  }
  return std::nullopt;
}

// Returns " [QUEUE_FULL]", for example; empty without a reason.
std::string ReasonText(const google::rpc::Status& status);

// Returns "error: SUBJECT: MESSAGE [REASON]", one more line for each wrong field and each memory mode that does not
// fit, and one with the time to wait. Ends with a line feed. `subject` is what the call was about, such as "videos/7";
// it may be empty.
std::string ErrorText(const google::rpc::Status& status, const FlagNames& flags, std::string_view subject = "");

// Returns the ErrorText of `status`; when there is no connection with a server at `address`, it says why and what to
// do.
std::string CallErrorText(const grpc::Status& status, const std::string& address, const FlagNames& flags,
                          std::string_view subject = "");

}  // namespace ruyi::client
