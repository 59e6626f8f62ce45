// Converts a duration of the API into seconds. Before it: messages of the server. After it: texts. Pure; thread-safe.
#pragma once

#include <google/protobuf/util/time_util.h>

namespace ruyi::client {

// Returns the seconds, to the millisecond.
inline double SecondsOf(const google::protobuf::Duration& duration) {
  constexpr double kMillisecondsPerSecond = 1000.0;
  return static_cast<double>(google::protobuf::util::TimeUtil::DurationToMilliseconds(duration)) /
         kMillisecondsPerSecond;
}

}  // namespace ruyi::client
