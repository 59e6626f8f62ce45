// Does everything that changes the disk, in single steps, so that a test can stop a process before and after each step,
// or let one fail. Used by all of core/artifact/files. Blocks on the disk; thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/artifact/files/file_descriptor.h"

namespace ruyi {

class DiskOperations {
 public:
  // Is called with "before STEP" and "after STEP"; STEP is one of create, write, truncate, fsync, rename, link, unlink,
  // folder fsync. When it returns an error number other than 0 before a step, the step fails with that number.
  using Boundary = std::function<int(std::string_view point)>;

  // `at_boundary` may be empty.
  explicit DiskOperations(Boundary at_boundary) : at_boundary_(std::move(at_boundary)) {}

  // Opens `path` with flags of open(2) and creates it when there is none. Errors: those of DiskError, here and below.
  absl::StatusOr<FileDescriptor> Create(const std::string& path, int flags) const;

  // Writes all `bytes` at `offset`.
  absl::Status WriteAt(const FileDescriptor& file, int64_t offset, std::string_view bytes) const;

  absl::Status Truncate(const FileDescriptor& file, int64_t size) const;

  // Returns when what `file` holds, its size and its times outlive a crash.
  absl::Status Sync(const FileDescriptor& file) const;

  // Returns when what `file` holds and its size outlive a crash.
  absl::Status SyncData(const FileDescriptor& file) const;

  // Returns when the names in `folder` outlive a crash.
  absl::Status SyncFolder(const std::string& folder) const;

  absl::Status Rename(const std::string& from, const std::string& to) const;

  // Gives the file `from` the name `to` too. Returns false where the file system knows no hard links. ALREADY_EXISTS:
  // another file has that name.
  absl::StatusOr<bool> Link(const std::string& from, const std::string& to) const;

  // Deletes the name `path`. Returns OK also when there is no such file.
  absl::Status Unlink(const std::string& path) const;

  absl::Status SetTime(const FileDescriptor& file, absl::Time time) const;

 private:
  // Calls `step` between its two boundaries, and calls it again as long as it is interrupted. `step` returns a negative
  // number and sets errno when it fails. Returns 0 or the error number.
  int Run(std::string_view name, const std::function<int64_t()>& step) const;

  Boundary at_boundary_;
};

}  // namespace ruyi
