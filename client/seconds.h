// A span of time of the API → seconds. Before it: messages of the server. After it: texts. Pure; thread-safe.
#pragma once

#include <google/protobuf/util/time_util.h>

namespace ruyi::client {

// To the millisecond.
inline double SecondsOf(const google::protobuf::Duration& duration) {
  constexpr double kMillisecondsPerSecond = 1000.0;
  return static_cast<double>(google::protobuf::util::TimeUtil::DurationToMilliseconds(duration)) /
         kMillisecondsPerSecond;
}

}  // namespace ruyi::client
