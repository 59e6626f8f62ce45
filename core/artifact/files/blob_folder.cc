#include "core/artifact/files/blob_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/artifact/artifact_error.h"
#include "core/artifact/artifact_names.h"
#include "core/artifact/files/disk_error.h"
#include "core/artifact/files/make_folder.h"
#include "core/artifact/files/partial_file.h"
#include "core/base/status_macros.h"
#include "core/digest/sha256.h"

namespace ruyi {

absl::StatusOr<std::string> BlobFolder::PutBlob(std::string_view bytes, absl::Time now) {
  std::string sha256 = Sha256Hex(bytes);
  const std::string path = PathOf(sha256);
  RUYI_ASSIGN_OR_RETURN(const bool is_there, Renew(path, bytes, now));
  if (!is_there)
    RUYI_RETURN_IF_ERROR(WriteNew(sha256, bytes, now));
  RUYI_RETURN_IF_ERROR(disk_.SyncFolder(ShardOf(sha256)));
  return sha256;
}

absl::StatusOr<std::string> BlobFolder::ReadBlob(const std::string& sha256) const {
  if (!IsSha256(sha256))
    return NoBlob(sha256);
  RUYI_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(PathOf(sha256), O_RDONLY));
  if (!file.is_open())
    return NoBlob(sha256);
  RUYI_ASSIGN_OR_RETURN(std::string bytes, ReadWhole(file));
  if (Sha256Hex(bytes) != sha256)
    return ArtifactCorrupt(absl::StrCat("the bytes of blob ", sha256, " have changed; put it again"));
  return bytes;
}

absl::StatusOr<BlobState> BlobFolder::StatBlob(const std::string& sha256) const {
  struct stat state{};
  if (!IsSha256(sha256))
    return NoBlob(sha256);
  const std::string path = PathOf(sha256);
  if (stat(path.c_str(), &state) != 0)
    return errno == ENOENT ? NoBlob(sha256) : DiskError(errno, "look at", path);
  return BlobState{.size_bytes = state.st_size, .expire_time = absl::TimeFromTimespec(state.st_mtim) + ttl_};
}

absl::Status BlobFolder::DeleteBlob(const std::string& sha256) {
  if (!IsSha256(sha256))
    return absl::OkStatus();
  const std::string path = PathOf(sha256);
  if (access(path.c_str(), F_OK) != 0)
    return absl::OkStatus();
  RUYI_RETURN_IF_ERROR(budget_.Delete(disk_, path));
  return disk_.SyncFolder(ShardOf(sha256));
}

absl::Status BlobFolder::SweepBlobs(const std::set<std::string>& referenced, absl::Time now) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder_, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string sha256 = entry->path().filename().string();
    if (IsSha256(sha256) && !referenced.contains(sha256))
      RUYI_RETURN_IF_ERROR(SweepBlob(entry->path().string(), now));
  }
  return error ? DiskError(error.value(), "list", folder_) : absl::OkStatus();
}

std::string BlobFolder::ShardOf(const std::string& sha256) const {
  return absl::StrCat(folder_, "/", sha256.substr(0, 2));
}

std::string BlobFolder::PathOf(const std::string& sha256) const {
  return absl::StrCat(ShardOf(sha256), "/", sha256);
}

// The lock keeps a sweep, of whatever process, from deleting what lives on.
absl::StatusOr<bool> BlobFolder::Renew(const std::string& path, std::string_view bytes, absl::Time now) {
  RUYI_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDWR));
  if (!file.is_open())
    return false;
  RUYI_RETURN_IF_ERROR(LockFile(file));
  RUYI_ASSIGN_OR_RETURN(const std::string there, ReadWhole(file));
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(file));
  if (state.st_nlink == 0)
    return false;
  if (there != bytes) {
    RUYI_RETURN_IF_ERROR(budget_.Delete(disk_, path));
    return false;
  }
  RUYI_RETURN_IF_ERROR(disk_.SetTime(file, now));
  RUYI_RETURN_IF_ERROR(disk_.Sync(file));
  return true;
}

absl::Status BlobFolder::MakeShard(const std::string& shard) {
  if (lasting_shards_.contains(shard))
    return absl::OkStatus();
  RUYI_RETURN_IF_ERROR(MakeFolder(shard));
  RUYI_RETURN_IF_ERROR(disk_.SyncFolder(folder_));
  lasting_shards_.insert(shard);
  return absl::OkStatus();
}

// Somebody may have put the same bytes meanwhile, and a job may need them: then theirs stay, without a moment in which
// there are none.
absl::Status BlobFolder::WriteNew(const std::string& sha256, std::string_view bytes, absl::Time now) {
  RUYI_ASSIGN_OR_RETURN(PartialFile file, PartialFile::Create(disk_, budget_, partial_folder_));
  RUYI_RETURN_IF_ERROR(file.Write(bytes));
  RUYI_RETURN_IF_ERROR(file.SetTime(now));
  RUYI_RETURN_IF_ERROR(file.Sync());
  const std::string path = PathOf(sha256);
  absl::MutexLock lock(&naming_);
  RUYI_RETURN_IF_ERROR(MakeShard(ShardOf(sha256)));
  RUYI_ASSIGN_OR_RETURN(const bool is_there, Renew(path, bytes, now));
  return is_there ? absl::OkStatus() : file.MoveTo(path);
}

absl::Status BlobFolder::SweepBlob(const std::string& path, absl::Time now) {
  RUYI_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDWR));
  if (!file.is_open())
    return absl::OkStatus();
  RUYI_ASSIGN_OR_RETURN(const struct stat before, StatOf(file));
  if (!IsOver(before, now))
    return absl::OkStatus();
  RUYI_RETURN_IF_ERROR(LockFile(file));
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(file));
  const bool is_still_there = state.st_nlink > 0;
  return is_still_there && IsOver(state, now) ? budget_.Delete(disk_, path) : absl::OkStatus();
}

bool BlobFolder::IsOver(const struct stat& state, absl::Time now) const {
  return absl::TimeFromTimespec(state.st_mtim) + ttl_ <= now;
}

}  // namespace ruyi
