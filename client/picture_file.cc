#include "client/picture_file.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_format.h"

namespace ruyi::client {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

// Reads to the end of the file, which a device or a pipe may not have, or to byte `limit`.
std::string ReadUpTo(size_t limit, std::istream& file) {
  std::string bytes;
  while (file.good() && bytes.size() < limit) {
    const size_t begin = bytes.size();
    bytes.resize(std::min(begin + kPieceBytes, limit));
    file.read(bytes.data() + begin, static_cast<std::streamsize>(bytes.size() - begin));
    bytes.resize(begin + static_cast<size_t>(file.gcount()));
  }
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> ReadPicture(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return absl::FailedPreconditionError("is a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes = ReadUpTo(kMaxPictureBytes + 1, file);
  if (!file.is_open() || file.bad())
    return absl::ErrnoToStatus(errno == 0 ? EIO : errno, "cannot be read");
  if (bytes.empty())
    return absl::FailedPreconditionError("is empty");
  if (bytes.size() > kMaxPictureBytes) {
    return absl::FailedPreconditionError(
        absl::StrFormat("has more than %d MiB, which is the most that a picture may have", kMaxPictureBytes >> 20));
  }
  return bytes;
}

}  // namespace ruyi::client
