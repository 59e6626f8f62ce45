#include "core/artifact/files/result_folder.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/artifact/artifact_error.h"
#include "core/artifact/artifact_names.h"
#include "core/artifact/files/disk_error.h"
#include "core/artifact/files/partial_file.h"
#include "core/artifact/files/seal_file.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr int64_t kCopyBytes = 4 * kSealBlockBytes;

}  // namespace

absl::StatusOr<std::unique_ptr<ResultWriter>> ResultFolder::OpenResult(const std::string& job_id, int64_t token) {
  RUYI_RETURN_IF_ERROR(CheckJobId(job_id));
  return FileResultWriter::Open(context_, job_id, token);
}

absl::StatusOr<FileDigest> ResultFolder::ShareResult(const std::string& from, const std::string& to) {
  RUYI_RETURN_IF_ERROR(CheckJobId(to));
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const SealedResult> source, FindSealed(from));
  if (source == nullptr)
    return NoResult(from);
  RUYI_RETURN_IF_ERROR(source->Verify());
  const FileDigest& digest = source->seal().digest;
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const SealedResult> present, FindSealed(to));
  if (present != nullptr && present->seal().digest == digest)
    return digest;
  if (present != nullptr)
    return absl::FailedPreconditionError(absl::StrCat("job ", to, " has another result, which is sealed"));
  const ResultPaths paths = PathsOf(context_.folder, to);
  RUYI_RETURN_IF_ERROR(Remove(to));
  RUYI_RETURN_IF_ERROR(LinkOrCopy(*source, PathsOf(context_.folder, from).file, paths.file));
  RUYI_RETURN_IF_ERROR(WriteSeal(context_, paths.seal, source->seal()));
  context_.notify(to);
  return digest;
}

absl::StatusOr<ResultBytes> ResultFolder::ReadResult(const std::string& job_id, int64_t offset,
                                                     int64_t max_bytes) const {
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const SealedResult> sealed, FindSealed(job_id));
  if (sealed != nullptr)
    return sealed->Read(offset, max_bytes);
  RUYI_ASSIGN_OR_RETURN(const Growing growing, OpenGrowing(job_id));
  RUYI_RETURN_IF_ERROR(CheckOffset(offset, growing.size_bytes));
  ResultBytes bytes;
  bytes.data.resize(static_cast<size_t>(std::clamp<int64_t>(max_bytes, 0, growing.size_bytes - offset)));
  RUYI_ASSIGN_OR_RETURN(const size_t size, ReadAt(growing.file, offset, bytes.data.data(), bytes.data.size()));
  bytes.data.resize(size);
  return bytes;
}

absl::StatusOr<ResultState> ResultFolder::StatResult(const std::string& job_id) const {
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const SealedResult> sealed, FindSealed(job_id));
  if (sealed != nullptr) {
    const FileDigest& digest = sealed->seal().digest;
    return ResultState{.size_bytes = digest.size_bytes, .is_sealed = true, .digest = digest};
  }
  RUYI_ASSIGN_OR_RETURN(const Growing growing, OpenGrowing(job_id));
  return ResultState{.size_bytes = growing.size_bytes};
}

absl::Status ResultFolder::DeleteResult(const std::string& job_id) {
  if (!IsJobId(job_id))
    return absl::OkStatus();
  RUYI_RETURN_IF_ERROR(Remove(job_id));
  context_.notify(job_id);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ResultFolder::ResultIds() const {
  std::set<std::string> ids;
  std::error_code error;
  const std::string& folder = context_.folder;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string suffix = entry->path().extension().string();
    const std::string id = entry->path().stem().string();
    if (IsJobId(id) && (suffix == kResultSuffix || suffix == kSealSuffix))
      ids.insert(id);
  }
  if (error)
    return DiskError(error.value(), "list", folder);
  return std::vector<std::string>(ids.begin(), ids.end());
}

absl::StatusOr<ResultFolder::Growing> ResultFolder::OpenGrowing(const std::string& job_id) const {
  if (!IsJobId(job_id))
    return NoResult(job_id);
  Growing growing;
  RUYI_ASSIGN_OR_RETURN(growing.file, OpenFile(PathsOf(context_.folder, job_id).file, O_RDONLY));
  if (!growing.file.is_open())
    return NoResult(job_id);
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(growing.file));
  growing.size_bytes = std::min<int64_t>(state.st_size, published_.Find(job_id).value_or(state.st_size));
  return growing;
}

absl::StatusOr<std::shared_ptr<const SealedResult>> ResultFolder::FindSealed(const std::string& job_id) const {
  if (!IsJobId(job_id))
    return nullptr;
  return sealed_.Find(job_id, PathsOf(context_.folder, job_id));
}

// The seal goes first: there is never one without all of its bytes. The tokens go last: until then no worker that came
// late can begin.
absl::Status ResultFolder::Remove(const std::string& job_id) {
  const ResultPaths paths = PathsOf(context_.folder, job_id);
  RUYI_ASSIGN_OR_RETURN(const FileDescriptor tokens, OpenFile(paths.tokens, O_RDWR));
  if (tokens.is_open())
    RUYI_RETURN_IF_ERROR(LockFile(tokens));
  RUYI_RETURN_IF_ERROR(context_.budget.Delete(context_.disk, paths.seal));
  RUYI_RETURN_IF_ERROR(context_.budget.Delete(context_.disk, paths.file));
  RUYI_RETURN_IF_ERROR(context_.disk.Unlink(paths.tokens));
  RUYI_RETURN_IF_ERROR(context_.disk.SyncFolder(context_.folder));
  sealed_.Forget(job_id);
  published_.Forget(job_id);
  return absl::OkStatus();
}

absl::Status ResultFolder::LinkOrCopy(const SealedResult& from, const std::string& from_path, const std::string& path) {
  RUYI_ASSIGN_OR_RETURN(const bool is_linked, context_.disk.Link(from_path, path));
  if (!is_linked) {
    RUYI_ASSIGN_OR_RETURN(PartialFile copy,
                          PartialFile::Create(context_.disk, context_.budget, context_.partial_folder));
    for (int64_t offset = 0; offset < from.seal().digest.size_bytes; offset += kCopyBytes) {
      RUYI_ASSIGN_OR_RETURN(const ResultBytes bytes, from.Read(offset, kCopyBytes));
      RUYI_RETURN_IF_ERROR(copy.Write(bytes.data));
    }
    RUYI_RETURN_IF_ERROR(copy.Sync());
    RUYI_RETURN_IF_ERROR(copy.MoveTo(path));
  }
  return context_.disk.SyncFolder(context_.folder);
}

}  // namespace ruyi
