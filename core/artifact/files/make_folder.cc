#include "core/artifact/files/make_folder.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/artifact/files/disk_error.h"

namespace ruyi {
namespace {

constexpr mode_t kOwnerOnly = 0700;

}  // namespace

absl::Status MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), kOwnerOnly) == 0)
    return absl::OkStatus();
  const int error = errno;
  std::error_code ignored;
  if (error == EEXIST && std::filesystem::is_directory(path, ignored))
    return absl::OkStatus();
  if (error == ENOSPC || error == EDQUOT)
    return DiskError(error, "make the folder", path);
  return absl::FailedPreconditionError(absl::StrCat("cannot make the folder ", path, ": ",
                                                    std::generic_category().message(error),
                                                    "; name one that the server may write to"));
}

}  // namespace ruyi
