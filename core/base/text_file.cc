#include "core/base/text_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace ruyi {

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (text.str().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " ", errno == 0 ? "is empty" : absl::StrCat("cannot be read: ", std::strerror(errno))));
  }
  return text.str();
}

}  // namespace ruyi
