#include "core/weights/file_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "absl/strings/str_format.h"

namespace ruyi {
namespace {

int64_t Nanoseconds(const struct timespec& time) {
  constexpr int64_t kPerSecond = 1'000'000'000;
  return time.tv_sec * kPerSecond + time.tv_nsec;
}

absl::StatusOr<FileState> StateFrom(int result, const struct stat& info) {
  if (result != 0) {
    return absl::NotFoundError(absl::StrFormat("cannot be opened: %s", std::generic_category().message(errno)));
  }
  if (!S_ISREG(info.st_mode))
    return absl::DataLossError("not a regular file");
  return FileState{.inode = info.st_ino, .size = info.st_size, .mtime_ns = Nanoseconds(info.st_mtim)};
}

}  // namespace

absl::StatusOr<FileState> StateOf(const std::filesystem::path& path) {
  struct stat info = {};
  return StateFrom(stat(path.c_str(), &info), info);
}

absl::StatusOr<FileState> StateOf(int descriptor) {
  struct stat info = {};
  return StateFrom(fstat(descriptor, &info), info);
}

bool IsSettled(const FileState& state) {
  constexpr int64_t kSlowestTick = 2'000'000'000;  // FAT counts two seconds
  struct timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return state.mtime_ns + kSlowestTick < Nanoseconds(now);
}

}  // namespace ruyi
