// Keeps the tokens of the leases under which a result was written, in a small file beside it until it is sealed, and
// the lock that orders its writers, in whatever process they are. The file has a line for each token; a line that a
// crash cut short does no harm, for it is a smaller number than the token. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/artifact/files/disk_operations.h"
#include "core/artifact/files/file_descriptor.h"

namespace ruyi {

class ResultTokens {
 public:
  // Holds the lock while it lives; nobody else writes to the result, deletes or seals it meanwhile.
  class Lock {
   public:
    explicit Lock(const FileDescriptor& file) : file_(&file) {}
    Lock(Lock&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock() {
      if (file_ != nullptr)
        UnlockFile(*file_);
    }

   private:
    const FileDescriptor* file_;
  };

  // Opens the file `path`, made when there is none.
  static absl::StatusOr<ResultTokens> Create(const DiskOperations& disk, const std::string& path);

  // Waits for the lock and takes it. The lock must not outlive this object.
  absl::StatusOr<Lock> Acquire() const;

  // Returns false when the result has been sealed or deleted since the file was opened.
  absl::StatusOr<bool> IsInUse() const;

  // Returns the largest token so far, or the smallest number that there is when there is none.
  absl::StatusOr<int64_t> Largest() const;

  // Adds a token. When it returns, the token outlives a crash. Errors: those of DiskError.
  absl::Status Add(const DiskOperations& disk, int64_t token);

 private:
  explicit ResultTokens(FileDescriptor file) : file_(std::move(file)) {}

  FileDescriptor file_;
};

}  // namespace ruyi
