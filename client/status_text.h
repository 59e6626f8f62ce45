// The status of a call → what the user reads. Before it: a call that failed. After it: stderr. Pure; thread-safe.
#pragma once

#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include <string>

#include "client/flag_names.h"

namespace ruyi::client {

// The status with the details that came with it; without details when there are none or they cannot be read.
google::rpc::Status WithDetails(const grpc::Status& status);

// "error: MESSAGE [REASON]", one more line for each wrong field and each memory mode that does not fit, and one with
// the time to wait. Ends with a line feed.
std::string ErrorText(const google::rpc::Status& status, const FlagNames& flags);

// As ErrorText; when nobody answers at `address`, it says so and how to set another address.
std::string CallErrorText(const grpc::Status& status, const std::string& address, const FlagNames& flags);

}  // namespace ruyi::client
