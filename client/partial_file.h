// A file that gets its name only when it is whole. Before it: VideoReceiver, or the bytes of a contact sheet. After it:
// the folder of the user. Owns the file descriptor and the temporary file. Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ruyi::client {

class PartialFile {
 public:
  // Makes .NAME.part<pid> beside `final_path`, exclusively. The error names the file: no such folder, no permission, or
  // something that is no regular file stands under the final name.
  static absl::StatusOr<std::unique_ptr<PartialFile>> Create(const std::string& final_path);

  // Removes the temporary file unless it was committed.
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  // Appends. Blocks on the disk.
  absl::Status Write(std::string_view bytes);

  // Flushes to the disk and renames, which replaces an older file. Once; nothing is written after it.
  absl::Status Commit();

  const std::string& final_path() const { return final_path_; }
  const std::string& temporary_path() const { return temporary_path_; }

 private:
  PartialFile(std::string final_path, std::string temporary_path, int descriptor);

  absl::Status Error(std::string_view what) const;
  absl::Status Close();

  std::string final_path_;
  std::string temporary_path_;
  int descriptor_;
  bool committed_ = false;
};

}  // namespace ruyi::client
