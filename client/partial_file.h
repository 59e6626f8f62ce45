// A file that gets its name only when it is whole; until then it is FILE.part. Before it: VideoReceiver, or the bytes
// of a contact sheet. After it: the folder of the user. Owns the file descriptor and, while it lives, a lock of
// FILE.part. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ruyi::client {

class PartialFile {
 public:
  // Makes an empty FILE.part beside `final_path`. The error names the file: no such folder, no permission, one of the
  // names is that of something else than a regular file, or (ALREADY_EXISTS) another process writes it.
  static absl::StatusOr<std::unique_ptr<PartialFile>> Create(const std::string& final_path);

  // Opens FILE.part with the bytes that an earlier process left there. Errors: those of Create.
  static absl::StatusOr<std::unique_ptr<PartialFile>> Reopen(const std::string& final_path);

  // Removes FILE.part unless it was committed or kept.
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  // Appends `bytes`. Blocks on the disk.
  absl::Status Write(std::string_view bytes);

  // Flushes FILE.part to the disk and renames it, which replaces an older file. May be called once; nothing may be
  // written after it.
  absl::Status Commit();

  // Leaves FILE.part where it is for a later Reopen.
  void Keep() { stays_ = true; }

  const std::string& final_path() const { return final_path_; }
  const std::string& temporary_path() const { return temporary_path_; }

 private:
  PartialFile(std::string final_path, std::string temporary_path, int descriptor);

  absl::Status Error(std::string_view what) const;
  absl::Status Close();

  std::string final_path_;
  std::string temporary_path_;
  int descriptor_;
  bool stays_ = false;
};

// Returns the path of FILE.part, where the bytes of `final_path` lie until the file is whole.
std::string PartialPath(const std::string& final_path);

}  // namespace ruyi::client
