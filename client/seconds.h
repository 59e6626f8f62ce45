// Reads durations of the API. Before it: messages of the server. After it: texts, and what waits. Pure; thread-safe.
#pragma once

#include <google/protobuf/util/time_util.h>

#include <string>

#include "absl/time/time.h"
#include "core/base/duration_text.h"

namespace ruyi::client {

// Returns the duration, to the millisecond.
inline absl::Duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::Milliseconds(google::protobuf::util::TimeUtil::DurationToMilliseconds(duration));
}

// Returns it as people say it: "2 h 31 min".
inline std::string DurationTextOf(const google::protobuf::Duration& duration) {
  return DurationText(DurationOf(duration));
}

}  // namespace ruyi::client
