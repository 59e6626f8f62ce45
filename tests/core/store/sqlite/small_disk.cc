#include "tests/core/store/sqlite/small_disk.h"

#include <algorithm>
#include <utility>

namespace ruyi {
namespace {

sqlite3_vfs* real_vfs = nullptr;
SmallDisk* disk = nullptr;

// The file of SQLite's own access to files lies behind this one.
struct DiskFile {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

DiskFile* Of(sqlite3_file* file) {
  return reinterpret_cast<DiskFile*>(file);
}

// Passes a call on to the real file.
template <auto kMethod, typename... Arguments>
auto Pass(sqlite3_file* file, Arguments... arguments) {
  sqlite3_file* real = Of(file)->real();
  return (real->pMethods->*kMethod)(real, arguments...);
}

int WriteWhereThereIsRoom(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  sqlite3_int64 old_size = 0;
  Pass<&sqlite3_io_methods::xFileSize>(file, &old_size);
  const sqlite3_int64 growth = std::max<sqlite3_int64>(0, offset + size - old_size);
  if (growth > 0 && !disk->HasRoomFor(growth))
    return SQLITE_FULL;
  return Pass<&sqlite3_io_methods::xWrite>(file, data, size, offset);
}

int CountAndSync(sqlite3_file* file, int flags) {
  disk->CountSync();
  return Pass<&sqlite3_io_methods::xSync>(file, flags);
}

using Io = sqlite3_io_methods;
constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,  // without the memory maps of 3
    .xClose = [](sqlite3_file* file) { return Pass<&Io::xClose>(file); },
    .xRead = [](sqlite3_file* file, void* data, int size,
                sqlite3_int64 offset) { return Pass<&Io::xRead>(file, data, size, offset); },
    .xWrite = WriteWhereThereIsRoom,
    .xTruncate = [](sqlite3_file* file, sqlite3_int64 size) { return Pass<&Io::xTruncate>(file, size); },
    .xSync = CountAndSync,
    .xFileSize = [](sqlite3_file* file, sqlite3_int64* size) { return Pass<&Io::xFileSize>(file, size); },
    .xLock = [](sqlite3_file* file, int lock) { return Pass<&Io::xLock>(file, lock); },
    .xUnlock = [](sqlite3_file* file, int lock) { return Pass<&Io::xUnlock>(file, lock); },
    .xCheckReservedLock = [](sqlite3_file* file, int* out) { return Pass<&Io::xCheckReservedLock>(file, out); },
    .xFileControl = [](sqlite3_file* file, int op,
                       void* argument) { return Pass<&Io::xFileControl>(file, op, argument); },
    .xSectorSize = [](sqlite3_file* file) { return Pass<&Io::xSectorSize>(file); },
    .xDeviceCharacteristics = [](sqlite3_file* file) { return Pass<&Io::xDeviceCharacteristics>(file); },
    .xShmMap = [](sqlite3_file* file, int page, int size, int extend,
                  void volatile** out) { return Pass<&Io::xShmMap>(file, page, size, extend, out); },
    .xShmLock = [](sqlite3_file* file, int offset, int n,
                   int flags) { return Pass<&Io::xShmLock>(file, offset, n, flags); },
    .xShmBarrier = [](sqlite3_file* file) { Pass<&Io::xShmBarrier>(file); },
    .xShmUnmap = [](sqlite3_file* file, int remove) { return Pass<&Io::xShmUnmap>(file, remove); },
};

int OpenFile(sqlite3_vfs* /*vfs*/, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  const int code = real_vfs->xOpen(real_vfs, name, Of(file)->real(), flags, out_flags);
  file->pMethods = Of(file)->real()->pMethods == nullptr ? nullptr : &kMethods;
  return code;
}

}  // namespace

SmallDisk::SmallDisk(std::filesystem::path folder) : folder_(std::move(folder)) {
  real_vfs = sqlite3_vfs_find(nullptr);
  disk = this;
  vfs_ = *real_vfs;
  vfs_.zName = "small_disk";
  vfs_.szOsFile = static_cast<int>(sizeof(DiskFile)) + real_vfs->szOsFile;
  vfs_.xOpen = OpenFile;
  sqlite3_vfs_register(&vfs_, 1);
}

SmallDisk::~SmallDisk() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_vfs, 1);
  disk = nullptr;
}

int64_t SmallDisk::UsedBytes() const {
  int64_t used = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    used += static_cast<int64_t>(entry.file_size());
  return used;
}

}  // namespace ruyi
