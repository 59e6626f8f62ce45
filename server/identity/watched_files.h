// Notices when one of some files has changed, by its time, size and inode, so that it is read anew. Before it: the
// operator. After it: whoever reads the files. Not thread-safe.
#pragma once

#include <string>
#include <vector>

namespace ruyi {

class WatchedFiles {
 public:
  // Names that are empty are left out.
  explicit WatchedFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  // Returns true when a file is another one than at the call before, or was written since; true at the first call. To
  // be called before the files are read, so that no change between is missed. Blocks on the disk.
  bool HaveChanged();

 private:
  const std::vector<std::string> paths_;
  std::string stamp_;
};

}  // namespace ruyi
