#include "core/base/library_log.h"

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ruyi {
namespace {

class LogTarget {
 public:
  void Set(LibraryLog log) {
    auto shared = std::make_shared<const LibraryLog>(std::move(log));
    absl::MutexLock lock(&mutex_);
    log_ = std::move(shared);
  }

  std::shared_ptr<const LibraryLog> Get() const {
    absl::MutexLock lock(&mutex_);
    return log_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<const LibraryLog> log_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const LibraryLog>();
};

// Never destroyed: a library's thread may speak while the program ends.
LogTarget& Target() {
  static LogTarget& target = *new LogTarget;
  return target;
}

}  // namespace

void SetLibraryLog(LibraryLog log) {
  Target().Set(std::move(log));
}

void LogFromLibrary(std::string_view library, std::string_view message) {
  const std::string_view line = message.substr(0, message.find_last_not_of(" \t\r\n") + 1);
  const std::shared_ptr<const LibraryLog> log = Target().Get();
  if (!line.empty() && *log != nullptr)
    (*log)(library, line);
}

}  // namespace ruyi
