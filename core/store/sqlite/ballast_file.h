// Reserves room on the disk that is given up when the disk is full, so that ends and deletions of jobs can still be
// written. Before it: SqliteJobStore. Owns the file; not thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>

namespace ruyi {

class BallastFile {
 public:
  BallastFile(std::filesystem::path path, int64_t size_bytes) : path_(std::move(path)), size_bytes_(size_bytes) {}

  // Makes the file when it is not there and the disk has room for two such files. Blocks on the disk.
  void Make();

  // Deletes the file, and with it gives up the room. Returns false when there was no file.
  bool Drop();

 private:
  bool IsWhole() const;

  const std::filesystem::path path_;
  const int64_t size_bytes_;
};

}  // namespace ruyi
