// Reads a result that is whole: every byte is checked against the seal before it is given out. Before it: the files of
// a result. After it: readers of videos. Immutable; thread-safe.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/artifact/artifact_store.h"
#include "core/artifact/files/file_descriptor.h"
#include "core/artifact/files/result_paths.h"
#include "core/artifact/files/result_seal.h"

namespace ruyi {

class SealedResult {
 public:
  // Returns null when there is no seal. DATA_LOSS ARTIFACT_CORRUPT: the seal is damaged, or the file is missing or of
  // another size. Blocks on the disk, here and below.
  static absl::StatusOr<std::shared_ptr<const SealedResult>> Open(const ResultPaths& paths);

  // See ArtifactStore::ReadResult. Reads whole blocks of the seal, so it is fastest where `offset` and the end of the
  // range are the beginnings of blocks.
  absl::StatusOr<ResultBytes> Read(int64_t offset, int64_t max_bytes) const;

  // Checks all bytes. DATA_LOSS ARTIFACT_CORRUPT: some byte is not what was sealed.
  absl::Status Verify() const;

  const ResultSeal& seal() const { return seal_; }

  // Returns true when `seal_file` is the file that the seal was read from.
  bool IsOf(const struct stat& seal_file) const;

  // Returns the file, for those who copy its bytes.
  const FileDescriptor& file() const { return file_; }

 private:
  SealedResult(FileDescriptor file, ResultSeal seal, const struct stat& seal_file, std::string name)
      : file_(std::move(file)), seal_(std::move(seal)), seal_file_(seal_file), name_(std::move(name)) {}

  absl::Status CheckSize() const;

  // Reads the blocks that lie in the file from byte `first` up to byte `end`, and checks them.
  absl::StatusOr<std::string> ReadBlocks(int64_t first, int64_t end) const;

  const FileDescriptor file_;
  const ResultSeal seal_;
  const struct stat seal_file_;
  const std::string name_;  // for messages
};

}  // namespace ruyi
