#include "core/artifact/files/disk_operations.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "core/artifact/files/disk_error.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr mode_t kOwnerOnly = 0600;

absl::Status ToStatus(int error, std::string_view action, const std::string& path) {
  return error == 0 ? absl::OkStatus() : DiskError(error, action, path);
}

}  // namespace

int DiskOperations::Run(std::string_view name, const std::function<int64_t()>& step) const {
  if (at_boundary_) {
    if (const int error = at_boundary_("before " + std::string(name)); error != 0)
      return error;
  }
  int64_t result = step();
  while (result < 0 && errno == EINTR)
    result = step();
  const int error = result < 0 ? errno : 0;
  if (at_boundary_)
    at_boundary_("after " + std::string(name));
  return error;
}

absl::StatusOr<FileDescriptor> DiskOperations::Create(const std::string& path, int flags) const {
  FileDescriptor file;
  const int error = Run("create", [&] {
    file = FileDescriptor(open(path.c_str(), flags | O_CREAT | O_CLOEXEC, kOwnerOnly));
    return file.get();
  });
  RUYI_RETURN_IF_ERROR(ToStatus(error, "create", path));
  return file;
}

absl::Status DiskOperations::WriteAt(const FileDescriptor& file, int64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    int64_t count = 0;
    const int error = Run("write", [&] { return count = pwrite(file.get(), bytes.data(), bytes.size(), offset); });
    RUYI_RETURN_IF_ERROR(ToStatus(error, "write to", "a file"));
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += count;
  }
  return absl::OkStatus();
}

absl::Status DiskOperations::Truncate(const FileDescriptor& file, int64_t size) const {
  return ToStatus(Run("truncate", [&] { return ftruncate(file.get(), size); }), "cut", "a file");
}

absl::Status DiskOperations::Sync(const FileDescriptor& file) const {
  return ToStatus(Run("fsync", [&] { return fsync(file.get()); }), "write out", "a file");
}

absl::Status DiskOperations::SyncData(const FileDescriptor& file) const {
  return ToStatus(Run("fsync", [&] { return fdatasync(file.get()); }), "write out", "a file");
}

absl::Status DiskOperations::SyncFolder(const std::string& folder) const {
  RUYI_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(folder, O_RDONLY | O_DIRECTORY));
  return ToStatus(Run("folder fsync", [&] { return fsync(file.get()); }), "write out", folder);
}

absl::Status DiskOperations::Rename(const std::string& from, const std::string& to) const {
  return ToStatus(Run("rename", [&] { return rename(from.c_str(), to.c_str()); }), "give a file the name", to);
}

absl::StatusOr<bool> DiskOperations::Link(const std::string& from, const std::string& to) const {
  const int error = Run("link", [&] { return link(from.c_str(), to.c_str()); });
  if (error == EPERM || error == EMLINK || error == EOPNOTSUPP || error == EXDEV)
    return false;
  if (error == EEXIST)
    return absl::AlreadyExistsError(absl::StrCat("there is a file ", to, " already"));
  RUYI_RETURN_IF_ERROR(ToStatus(error, "give a file the name", to));
  return true;
}

absl::Status DiskOperations::Unlink(const std::string& path) const {
  const int error = Run("unlink", [&] { return unlink(path.c_str()); });
  return error == ENOENT ? absl::OkStatus() : ToStatus(error, "delete", path);
}

absl::Status DiskOperations::SetTime(const FileDescriptor& file, absl::Time time) const {
  const timespec both[2] = {absl::ToTimespec(time), absl::ToTimespec(time)};
  return ToStatus(futimens(file.get(), both) == 0 ? 0 : errno, "set the time of", "a file");
}

}  // namespace ruyi
