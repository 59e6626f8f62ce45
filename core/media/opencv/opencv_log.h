// Sends OpenCV's messages to LogFromLibrary. Called by the objects that use OpenCV, when they are made. Thread-safe.
#pragma once

namespace ruyi {

// Keeps OpenCV from writing to standard error from now on, in the whole process: the text of its exceptions goes to
// LogFromLibrary as well, and its own log, which cannot be redirected, is silent.
void SendOpencvMessagesToLog();

}  // namespace ruyi
