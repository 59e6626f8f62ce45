#include "core/store/sqlite/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "core/base/host_name.h"

namespace ruyi {
namespace {

std::string Holder(int descriptor) {
  char text[512] = {};
  const ssize_t size = pread(descriptor, text, sizeof(text), 0);
  const std::string holder(absl::StripAsciiWhitespace(absl::string_view(text, size > 0 ? size : 0)));
  return holder.empty() ? "another process" : holder;
}

absl::Status CannotLock(const std::filesystem::path& path) {
  return absl::FailedPreconditionError(absl::StrFormat("%s cannot be locked: %s; look at the permissions of the folder",
                                                       path.string(), std::strerror(errno)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Take(const std::filesystem::path& folder, absl::Time now) {
  const std::filesystem::path path = folder / "lock";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0)
    return CannotLock(path);
  auto lock = std::make_unique<FolderLock>(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return CannotLock(path);
    return absl::FailedPreconditionError(
        absl::StrFormat("%s is in use by ruyi-server, %s; stop it, or choose another state folder", folder.string(),
                        Holder(descriptor)));
  }
  const std::string holder =
      absl::StrFormat("process %d on %s since %s\n", getpid(), HostName(), absl::FormatTime(now, absl::UTCTimeZone()));
  const ssize_t size = static_cast<ssize_t>(holder.size());
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, holder.data(), holder.size(), 0) != size) {
    // Who has the lock is a courtesy; on a full disk it is left out.
  }
  return lock;
}

FolderLock::~FolderLock() {
  close(descriptor_);
}

}  // namespace ruyi
