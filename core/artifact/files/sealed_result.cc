#include "core/artifact/files/sealed_result.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/artifact/artifact_error.h"
#include "core/base/status_macros.h"
#include "core/digest/crc32c.h"

namespace ruyi {
namespace {

int64_t BlockBegin(int64_t offset) {
  return offset - offset % kSealBlockBytes;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const SealedResult>> SealedResult::Open(const ResultPaths& paths) {
  RUYI_ASSIGN_OR_RETURN(const FileDescriptor seal_file, OpenFile(paths.seal, O_RDONLY));
  if (!seal_file.is_open())
    return nullptr;
  const std::string name = std::filesystem::path(paths.file).filename().string();
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(seal_file));
  RUYI_ASSIGN_OR_RETURN(const std::string text, ReadWhole(seal_file));
  RUYI_ASSIGN_OR_RETURN(ResultSeal seal, ParseSeal(text, name));
  RUYI_ASSIGN_OR_RETURN(FileDescriptor file, OpenFile(paths.file, O_RDONLY));
  if (!file.is_open()) {
    if (access(paths.seal.c_str(), F_OK) != 0)
      return nullptr;  // it is being deleted, which begins with the seal
    return ArtifactCorrupt(absl::StrCat(name, " is gone, but its seal is there; delete the result and make it again"));
  }
  auto result = absl::WrapUnique(new SealedResult(std::move(file), std::move(seal), state, name));
  RUYI_RETURN_IF_ERROR(result->CheckSize());
  return std::shared_ptr<const SealedResult>(std::move(result));
}

absl::StatusOr<ResultBytes> SealedResult::Read(int64_t offset, int64_t max_bytes) const {
  const int64_t size = seal_.digest.size_bytes;
  RUYI_RETURN_IF_ERROR(CheckOffset(offset, size));
  RUYI_RETURN_IF_ERROR(CheckSize());
  const int64_t count = std::clamp<int64_t>(max_bytes, 0, size - offset);
  if (count == 0)
    return ResultBytes{.data = "", .is_end = offset == size};
  const int64_t first = BlockBegin(offset);
  const int64_t end = std::min(size, BlockBegin(offset + count - 1) + kSealBlockBytes);
  RUYI_ASSIGN_OR_RETURN(std::string data, ReadBlocks(first, end));
  data.resize(static_cast<size_t>(offset + count - first));
  data.erase(0, static_cast<size_t>(offset - first));
  return ResultBytes{.data = std::move(data), .is_end = offset + count == size};
}

absl::Status SealedResult::Verify() const {
  for (int64_t offset = 0; offset < seal_.digest.size_bytes; offset += kSealBlockBytes)
    RUYI_RETURN_IF_ERROR(Read(offset, kSealBlockBytes).status());
  return CheckSize();
}

bool SealedResult::IsOf(const struct stat& seal_file) const {
  return seal_file.st_dev == seal_file_.st_dev && seal_file.st_ino == seal_file_.st_ino &&
         seal_file.st_size == seal_file_.st_size && seal_file.st_mtim.tv_sec == seal_file_.st_mtim.tv_sec &&
         seal_file.st_mtim.tv_nsec == seal_file_.st_mtim.tv_nsec;
}

absl::Status SealedResult::CheckSize() const {
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(file_));
  if (state.st_size == seal_.digest.size_bytes)
    return absl::OkStatus();
  return ArtifactCorrupt(absl::StrFormat("%s has %d bytes and must have %d; delete the result and make it again", name_,
                                         state.st_size, seal_.digest.size_bytes));
}

absl::StatusOr<std::string> SealedResult::ReadBlocks(int64_t first, int64_t end) const {
  std::string data(static_cast<size_t>(end - first), '\0');
  RUYI_ASSIGN_OR_RETURN(const size_t size, ReadAt(file_, first, data.data(), data.size()));
  const std::string_view read = std::string_view(data).substr(0, size);
  for (int64_t block = first; block < end; block += kSealBlockBytes) {
    const auto begin = static_cast<size_t>(std::min<int64_t>(block - first, static_cast<int64_t>(size)));
    const auto index = static_cast<size_t>(block / kSealBlockBytes);
    if (Crc32c(read.substr(begin, kSealBlockBytes)) != seal_.crc32c[index]) {
      return ArtifactCorrupt(
          absl::StrFormat("%s has changed within %d bytes from offset %d; delete the result and make "
                          "it again",
                          name_, kSealBlockBytes, block));
    }
  }
  return data;
}

}  // namespace ruyi
