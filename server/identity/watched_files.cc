#include "server/identity/watched_files.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace ruyi {

bool WatchedFiles::HaveChanged() {
  std::string stamp = "files";
  for (const std::string& path : paths_) {
    struct stat state = {};
    const bool is_there = !path.empty() && stat(path.c_str(), &state) == 0;
    absl::StrAppend(&stamp, "\n", is_there ? 1 : 0, " ", state.st_dev, " ", state.st_ino, " ", state.st_size, " ",
                    state.st_mtim.tv_sec, " ", state.st_mtim.tv_nsec);
  }
  return std::exchange(stamp_, stamp) != stamp;
}

}  // namespace ruyi
