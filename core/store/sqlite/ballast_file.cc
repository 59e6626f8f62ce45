#include "core/store/sqlite/ballast_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

namespace ruyi {

bool BallastFile::IsWhole() const {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path_, error);
  return !error && static_cast<int64_t>(size) == size_bytes_;
}

void BallastFile::Make() {
  std::error_code error;
  if (IsWhole())
    return;
  const std::filesystem::space_info space = std::filesystem::space(path_.parent_path(), error);
  if (error || static_cast<int64_t>(space.available) < 2 * size_bytes_)
    return;
  const int descriptor = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0)
    return;
  const bool has_room = posix_fallocate(descriptor, 0, size_bytes_) == 0;
  close(descriptor);
  if (!has_room)
    std::filesystem::remove(path_, error);
}

bool BallastFile::Drop() {
  std::error_code error;
  return std::filesystem::remove(path_, error) && !error;
}

}  // namespace ruyi
