#include "core/artifact/files/result_tokens.h"

#include <fcntl.h>

#include <algorithm>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"

namespace ruyi {

absl::StatusOr<ResultTokens> ResultTokens::Create(const DiskOperations& disk, const std::string& path) {
  RUYI_ASSIGN_OR_RETURN(FileDescriptor file, disk.Create(path, O_RDWR));
  return ResultTokens(std::move(file));
}

absl::StatusOr<ResultTokens::Lock> ResultTokens::Acquire() const {
  RUYI_RETURN_IF_ERROR(LockFile(file_));
  return Lock(file_);
}

absl::StatusOr<bool> ResultTokens::IsInUse() const {
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(file_));
  return state.st_nlink > 0;
}

absl::StatusOr<int64_t> ResultTokens::Largest() const {
  RUYI_ASSIGN_OR_RETURN(const std::string text, ReadWhole(file_));
  int64_t largest = std::numeric_limits<int64_t>::min();
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (int64_t token = 0; absl::SimpleAtoi(line, &token))
      largest = std::max(largest, token);
  }
  return largest;
}

absl::Status ResultTokens::Add(const DiskOperations& disk, int64_t token) {
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(file_));
  RUYI_RETURN_IF_ERROR(disk.WriteAt(file_, state.st_size, absl::StrCat("\n", token, "\n")));
  return disk.SyncData(file_);
}

}  // namespace ruyi
