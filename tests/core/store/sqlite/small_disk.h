// A disk of a size that a test chooses, for SQLite: writes that make a file of the folder grow over it fail as on a
// full disk. It also counts how often SQLite waits for the disk. Stands in for SQLite's own access to files while it
// lives; one at a time. Not thread-safe.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>

namespace ruyi {

class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path folder);
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk();

  // Leaves `bytes` beside what the folder's files take now.
  void LeaveRoom(int64_t bytes) { capacity_ = UsedBytes() + bytes; }
  void LeaveAllRoom() { capacity_ = INT64_MAX; }

  int64_t UsedBytes() const;
  bool HasRoomFor(int64_t bytes) const { return UsedBytes() + bytes <= capacity_; }

  int syncs() const { return syncs_; }
  void CountSync() { ++syncs_; }

 private:
  const std::filesystem::path folder_;
  int64_t capacity_ = INT64_MAX;
  int syncs_ = 0;
  sqlite3_vfs vfs_;
};

}  // namespace ruyi
