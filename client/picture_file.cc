#include "client/picture_file.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace ruyi::client {

absl::StatusOr<std::string> ReadPicture(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return absl::FailedPreconditionError("is a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad())
    return absl::ErrnoToStatus(errno == 0 ? EIO : errno, "cannot be read");
  if (bytes.empty())
    return absl::FailedPreconditionError("is empty");
  return bytes;
}

}  // namespace ruyi::client
