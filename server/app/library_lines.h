// Brings the lines that libraries would write to standard error into the log. Before it: gRPC, libprotobuf, and those
// that core/base/library_log.h speaks for. After it: log.h. A function of the whole process.
#pragma once

namespace ruyi {

// Must be called before the libraries are used.
void LogLinesOfLibraries();

}  // namespace ruyi
