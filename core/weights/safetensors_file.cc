#include "core/weights/safetensors_file.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

// A file opened for reading; closed at the end of the scope.
class FileDescriptor {
 public:
  explicit FileDescriptor(const std::filesystem::path& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0)
      close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

struct SafetensorsFile::Mapping {
  std::filesystem::path path;
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  SafetensorsHeader header;

  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (bytes != nullptr)
      munmap(const_cast<uint8_t*>(bytes), size);
  }

  absl::Status Map();
  absl::Status Read();
};

absl::Status SafetensorsFile::Mapping::Map() {
  const FileDescriptor file(path);
  struct stat info = {};
  if (file.get() < 0 || fstat(file.get(), &info) != 0) {
    return absl::NotFoundError(absl::StrFormat("cannot be opened: %s", std::generic_category().message(errno)));
  }
  if (!S_ISREG(info.st_mode))
    return absl::DataLossError("not a regular file");
  size = static_cast<size_t>(info.st_size);
  if (size == 0)
    return absl::DataLossError("truncated: only 0 bytes");
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapped == MAP_FAILED) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("cannot be mapped: %s", std::generic_category().message(errno)));
  }
  bytes = static_cast<const uint8_t*>(mapped);
  return absl::OkStatus();
}

absl::Status SafetensorsFile::Mapping::Read() {
  const std::string_view file(reinterpret_cast<const char*>(bytes), size);
  RUYI_ASSIGN_OR_RETURN(header, ParseSafetensorsHeader(file));
  return absl::OkStatus();
}

absl::StatusOr<SafetensorsFile> SafetensorsFile::Open(const std::filesystem::path& path) {
  auto mapping = std::make_shared<Mapping>();
  mapping->path = path;
  absl::Status status = mapping->Map();
  if (status.ok())
    status = mapping->Read();
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrFormat("%s: %s", path.string(), status.message()));
  }
  SafetensorsFile file;
  file.mapping_ = std::move(mapping);
  return file;
}

const SafetensorsEntries& SafetensorsFile::entries() const {
  return mapping_->header.entries;
}

absl::StatusOr<at::Tensor> SafetensorsFile::Get(std::string_view name) const {
  const auto found = mapping_->header.entries.find(name);
  if (found == mapping_->header.entries.end()) {
    return absl::NotFoundError(absl::StrFormat("%s: no tensor '%s'", mapping_->path.string(), name));
  }
  const Entry& entry = found->second;
  const uint8_t* begin = mapping_->bytes + mapping_->header.data_begin + entry.begin;
  const size_t size = entry.end - entry.begin;
  if (!AreValues({reinterpret_cast<const char*>(begin), size}, entry.dtype)) {
    return absl::DataLossError(
        absl::StrFormat("%s: tensor '%s' is BOOL but holds bytes other than 0 and 1", mapping_->path.string(), name));
  }
  if (size > 0 && reinterpret_cast<uintptr_t>(begin) % c10::elementSize(entry.dtype) != 0) {
    at::Tensor copy = at::empty(entry.shape, entry.dtype);
    std::memcpy(copy.data_ptr(), begin, size);
    return copy;
  }
  return at::from_blob(
      const_cast<uint8_t*>(begin), entry.shape, [keep = mapping_](void*) {}, at::TensorOptions(entry.dtype));
}

}  // namespace ruyi
