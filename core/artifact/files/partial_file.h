// A file that gets its name only when it is whole and outlives a crash. Until then it lies in a folder for such files
// under a passing name, and is locked, so that other processes know that its writer lives. Before it: blobs and seals.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/artifact/files/disk_budget.h"
#include "core/artifact/files/disk_operations.h"
#include "core/artifact/files/file_descriptor.h"

namespace ruyi {

class PartialFile {
 public:
  // Makes an empty file in `folder`, which must hold nothing but partial files. `disk` and `budget` must outlive it.
  static absl::StatusOr<PartialFile> Create(const DiskOperations& disk, DiskBudget& budget, const std::string& folder);

  PartialFile(PartialFile&& other) noexcept;
  PartialFile& operator=(PartialFile&&) = delete;

  // Deletes the file unless it got its name.
  ~PartialFile();

  // Appends `bytes`. RESOURCE_EXHAUSTED DISK_FULL: there is no room. INTERNAL: the disk failed. Blocks on the disk,
  // here and below.
  absl::Status Write(std::string_view bytes);

  absl::Status SetTime(absl::Time time) { return disk_->SetTime(file_, time); }

  // Returns when the bytes outlive a crash. Errors: those of Write.
  absl::Status Sync() { return disk_->Sync(file_); }

  // Gives the file, which must be synced, the name `path`, in place of another file if there is one; the name outlives
  // a crash once its folder is synced too. Errors: those of Write.
  absl::Status MoveTo(const std::string& path);

  // Does the same where no file has that name. ALREADY_EXISTS: one has. Where the file system knows no hard links, a
  // file that gets the name at the same moment is replaced.
  absl::Status MoveToFree(const std::string& path);

  // Deletes the files in `folder` whose writers are gone.
  static absl::Status RemoveAbandoned(const DiskOperations& disk, const std::string& folder);

 private:
  PartialFile(const DiskOperations& disk, DiskBudget& budget, std::string path, FileDescriptor file)
      : disk_(&disk), budget_(&budget), writing_(budget), path_(std::move(path)), file_(std::move(file)) {}

  const DiskOperations* disk_;
  DiskBudget* budget_;
  DiskBudget::Writing writing_;
  std::string path_;  // empty once the file has its name
  FileDescriptor file_;
  int64_t size_bytes_ = 0;
};

}  // namespace ruyi
