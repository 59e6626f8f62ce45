#include "core/artifact/files/file_artifact_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "core/artifact/artifact_error.h"
#include "core/artifact/files/disk_error.h"
#include "core/artifact/files/file_descriptor.h"
#include "core/artifact/files/make_folder.h"
#include "core/artifact/files/partial_file.h"
#include "core/artifact/files/result_paths.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

std::string BlobsIn(const std::string& folder) {
  return folder + "/blobs";
}

std::string ResultsIn(const std::string& folder) {
  return folder + "/results";
}

std::string PartialIn(const std::string& folder) {
  return folder + "/partial";
}

// Names the file that holds the identity of the store of jobs.
std::string OwnerIn(const std::string& folder) {
  return folder + "/owner";
}

// Adds the bytes of all files below `folder` that are not in `seen` yet; tokens are not worth counting.
absl::Status AddBytes(const std::string& folder, std::set<ino_t>& seen, int64_t& bytes) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat state{};
    // A file that is gone by now takes no bytes.
    if (stat(entry->path().c_str(), &state) != 0 || !S_ISREG(state.st_mode) ||
        entry->path().extension() == kTokensSuffix)
      continue;
    if (state.st_nlink == 1 || seen.insert(state.st_ino).second)
      bytes += state.st_size;
  }
  return error ? DiskError(error.value(), "list", folder) : absl::OkStatus();
}

// Counts each file once; those that others keep beside ours, such as the clock's, are not ours to count.
absl::StatusOr<int64_t> CountBytes(const std::string& folder) {
  std::set<ino_t> seen;
  int64_t bytes = 0;
  for (const std::string& part : {BlobsIn(folder), ResultsIn(folder), PartialIn(folder)})
    RUYI_RETURN_IF_ERROR(AddBytes(part, seen, bytes));
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileArtifactStore>> FileArtifactStore::Open(const std::string& folder,
                                                                           FileArtifactStoreOptions options,
                                                                           const Clock& clock) {
  auto store = absl::WrapUnique(new FileArtifactStore(folder, std::move(options), clock));
  RUYI_RETURN_IF_ERROR(store->MakeFolders());
  RUYI_RETURN_IF_ERROR(PartialFile::RemoveAbandoned(store->disk_, PartialIn(folder)));
  RUYI_RETURN_IF_ERROR(store->Recount());
  return store;
}

FileArtifactStore::FileArtifactStore(const std::string& folder, FileArtifactStoreOptions options, const Clock& clock)
    : folder_(folder),
      clock_(clock),
      disk_(std::move(options.at_boundary)),
      budget_(folder, options.limits),
      blobs_(disk_, budget_, BlobsIn(folder), PartialIn(folder), options.blob_ttl),
      results_(disk_, budget_, ResultsIn(folder), PartialIn(folder),
               [this](const std::string& job_id) { changes_.Notify(job_id); }) {}

absl::Status FileArtifactStore::MakeFolders() {
  for (const std::string& folder : {folder_, BlobsIn(folder_), ResultsIn(folder_), PartialIn(folder_)})
    RUYI_RETURN_IF_ERROR(MakeFolder(folder));
  return disk_.SyncFolder(folder_);
}

absl::Status FileArtifactStore::Recount() {
  return budget_.Recount([this] { return CountBytes(folder_); });
}

absl::StatusOr<std::string> FileArtifactStore::Owner() const {
  RUYI_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(OwnerIn(folder_), O_RDONLY | O_CLOEXEC));
  if (!file.is_open())
    return NoOwner(OwnerIn(folder_));
  RUYI_ASSIGN_OR_RETURN(const std::string owner, ReadWhole(file));
  return std::string(absl::StripAsciiWhitespace(owner));
}

absl::Status FileArtifactStore::BelongTo(const std::string& jobs) {
  absl::StatusOr<std::string> owner = Owner();
  if (absl::IsNotFound(owner.status())) {
    RUYI_RETURN_IF_ERROR(WriteOwner(jobs));
    owner = Owner();
  }
  RUYI_RETURN_IF_ERROR(owner.status());
  return CheckOwner(OwnerIn(folder_), *owner, jobs);
}

// The file gets its name when it is whole, so that an empty one was made by somebody else, and is no leave to take
// over.
absl::Status FileArtifactStore::WriteOwner(const std::string& jobs) {
  RUYI_ASSIGN_OR_RETURN(PartialFile owner, PartialFile::Create(disk_, budget_, PartialIn(folder_)));
  RUYI_RETURN_IF_ERROR(owner.Write(jobs));
  RUYI_RETURN_IF_ERROR(owner.Sync());
  const absl::Status named = owner.MoveToFree(OwnerIn(folder_));
  if (absl::IsAlreadyExists(named))
    return absl::OkStatus();
  RUYI_RETURN_IF_ERROR(named);
  budget_.Release(static_cast<int64_t>(jobs.size()));  // as at the next start, which does not count it
  return disk_.SyncFolder(folder_);
}

absl::StatusOr<std::string> FileArtifactStore::PutBlob(std::string_view bytes) {
  return blobs_.PutBlob(bytes, clock_.AgingTime());
}

absl::StatusOr<std::string> FileArtifactStore::ReadBlob(const std::string& sha256) const {
  return blobs_.ReadBlob(sha256);
}

absl::StatusOr<BlobState> FileArtifactStore::StatBlob(const std::string& sha256) const {
  RUYI_ASSIGN_OR_RETURN(BlobState state, blobs_.StatBlob(sha256));
  state.expire_time += clock_.Now() - clock_.AgingTime();
  return state;
}

absl::Status FileArtifactStore::DeleteBlob(const std::string& sha256) {
  return blobs_.DeleteBlob(sha256);
}

absl::StatusOr<std::unique_ptr<ResultWriter>> FileArtifactStore::OpenResult(const std::string& job_id, int64_t token) {
  return results_.OpenResult(job_id, token);
}

absl::StatusOr<FileDigest> FileArtifactStore::ShareResult(const std::string& from, const std::string& to) {
  return results_.ShareResult(from, to);
}

absl::StatusOr<ResultBytes> FileArtifactStore::ReadResult(const std::string& job_id, int64_t offset,
                                                          int64_t max_bytes) const {
  return results_.ReadResult(job_id, offset, max_bytes);
}

absl::StatusOr<ResultState> FileArtifactStore::StatResult(const std::string& job_id) const {
  return results_.StatResult(job_id);
}

absl::Status FileArtifactStore::DeleteResult(const std::string& job_id) {
  return results_.DeleteResult(job_id);
}

absl::StatusOr<std::vector<std::string>> FileArtifactStore::ResultIds() const {
  return results_.ResultIds();
}

absl::Status FileArtifactStore::SweepBlobs(const std::set<std::string>& referenced) {
  RUYI_RETURN_IF_ERROR(blobs_.SweepBlobs(referenced, clock_.AgingTime()));
  return Recount();
}

absl::StatusOr<int64_t> FileArtifactStore::UsedBytes() const {
  return budget_.used_bytes();
}

std::unique_ptr<Subscription> FileArtifactStore::Subscribe(const std::string& job_id, std::function<void()> listener) {
  return changes_.Subscribe(job_id, std::move(listener));
}

}  // namespace ruyi
