// What OpenCV has to say → LogFromLibrary. Called by what uses OpenCV, when it is made. Thread-safe.
#pragma once

namespace ruyi {

// From now on OpenCV writes nothing to standard error, in the whole process: what it throws is given to LogFromLibrary
// as well, and its own log, which cannot be redirected, is silent.
void SendOpencvMessagesToLog();

}  // namespace ruyi
