#include "core/weights/safetensors_file.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

using nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the format's own library
constexpr size_t kMaxDimensions = 16;

struct NamedType {
  std::string_view name;
  c10::ScalarType type;
};

constexpr std::array kTypes = {
    NamedType{"F64", c10::kDouble},
    NamedType{"F32", c10::kFloat},
    NamedType{"F16", c10::kHalf},
    NamedType{"BF16", c10::kBFloat16},
    NamedType{"I64", c10::kLong},
    NamedType{"I32", c10::kInt},
    NamedType{"I16", c10::kShort},
    NamedType{"I8", c10::kChar},
    NamedType{"U8", c10::kByte},
    NamedType{"F8_E4M3", c10::kFloat8_e4m3fn},
    NamedType{"F8_E5M2", c10::kFloat8_e5m2},
    NamedType{"BOOL", c10::kBool},
};

std::optional<c10::ScalarType> TypeOf(std::string_view name) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const NamedType& t) { return t.name == name; });
  if (found == kTypes.end())
    return std::nullopt;
  return found->type;
}

uint64_t LittleEndian64(const uint8_t* bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < kLengthBytes; ++i)
    value |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  return value;
}

absl::Status Damaged(std::string_view tensor, absl::string_view what) {
  return absl::DataLossError(absl::StrFormat("tensor '%s': %s", tensor, what));
}

// The bytes that `dtype` × `shape` takes; nothing when that does not fit 63 bits.
std::optional<size_t> ByteSize(c10::ScalarType dtype, const std::vector<int64_t>& shape) {
  int64_t bytes = static_cast<int64_t>(c10::elementSize(dtype));
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(bytes, extent, &bytes))
      return std::nullopt;
  }
  return static_cast<size_t>(bytes);
}

absl::StatusOr<std::vector<int64_t>> ParseShape(std::string_view name, const json& fields) {
  absl::StatusOr<std::vector<int64_t>> shape = GetIntList(fields, "shape");
  if (!shape.ok())
    return Damaged(name, shape.status().message());
  if (shape->size() > kMaxDimensions)
    return Damaged(name, absl::StrFormat("more than %d dimensions", kMaxDimensions));
  const bool negative = std::any_of(shape->begin(), shape->end(), [](int64_t extent) { return extent < 0; });
  if (negative)
    return Damaged(name, "negative extent in its shape");
  return shape;
}

absl::StatusOr<c10::ScalarType> ParseType(std::string_view name, const json& fields) {
  const absl::StatusOr<std::string> dtype = GetString(fields, "dtype");
  if (!dtype.ok())
    return Damaged(name, dtype.status().message());
  const std::optional<c10::ScalarType> type = TypeOf(*dtype);
  if (!type.has_value())
    return Damaged(name, absl::StrFormat("unknown dtype '%s'", *dtype));
  return *type;
}

absl::Status ParseOffsets(std::string_view name, const json& fields, size_t data_bytes, SafetensorsFile::Entry& entry) {
  const absl::StatusOr<std::vector<int64_t>> offsets = GetIntList(fields, "data_offsets");
  if (!offsets.ok())
    return Damaged(name, offsets.status().message());
  if (offsets->size() != 2)
    return Damaged(name, "data_offsets must be two numbers");
  const auto [begin, end] = std::pair((*offsets)[0], (*offsets)[1]);
  if (begin < 0 || end < begin || static_cast<uint64_t>(end) > data_bytes) {
    return Damaged(name, absl::StrFormat("data_offsets [%d, %d] lie outside the %d bytes of data (a truncated file?)",
                                         begin, end, data_bytes));
  }
  entry.begin = static_cast<size_t>(begin);
  entry.end = static_cast<size_t>(end);
  return absl::OkStatus();
}

absl::StatusOr<SafetensorsFile::Entry> ParseEntry(std::string_view name, const json& fields, size_t data_bytes) {
  if (!fields.is_object())
    return Damaged(name, "its description is not an object");
  SafetensorsFile::Entry entry;
  RUYI_ASSIGN_OR_RETURN(entry.dtype, ParseType(name, fields));
  RUYI_ASSIGN_OR_RETURN(entry.shape, ParseShape(name, fields));
  RUYI_RETURN_IF_ERROR(ParseOffsets(name, fields, data_bytes, entry));
  const std::optional<size_t> size = ByteSize(entry.dtype, entry.shape);
  if (!size.has_value())
    return Damaged(name, "shape overflows");
  if (*size != entry.end - entry.begin) {
    return Damaged(name, absl::StrFormat("dtype and shape take %d bytes, but data_offsets span %d", *size,
                                         entry.end - entry.begin));
  }
  return entry;
}

using Entries = std::map<std::string, SafetensorsFile::Entry, std::less<>>;

absl::StatusOr<Entries> ParseHeader(std::string_view text, size_t data_bytes) {
  RUYI_ASSIGN_OR_RETURN(const json header, ParseJson(text, "header"));
  if (!header.is_object())
    return absl::DataLossError("header: not a JSON object");
  Entries entries;
  for (const auto& [name, fields] : header.items()) {
    if (name == "__metadata__")
      continue;
    RUYI_ASSIGN_OR_RETURN(SafetensorsFile::Entry entry, ParseEntry(name, fields, data_bytes));
    entries.emplace(name, std::move(entry));
  }
  return entries;
}

// The tensors must cover the data without overlap and without holes.
absl::Status CheckCover(const Entries& entries, size_t data_bytes) {
  std::vector<std::pair<const SafetensorsFile::Entry*, std::string_view>> order;
  for (const auto& [name, entry] : entries)
    order.emplace_back(&entry, name);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first->begin, a.first->end) < std::pair(b.first->begin, b.first->end);
  });
  size_t covered = 0;
  for (const auto& [entry, name] : order) {
    if (entry->begin < covered)
      return Damaged(name, "overlaps the tensor before it");
    if (entry->begin > covered)
      return Damaged(name, "a hole lies before it");
    covered = entry->end;
  }
  if (covered != data_bytes) {
    return absl::DataLossError(absl::StrFormat("%d bytes of data belong to no tensor", data_bytes - covered));
  }
  return absl::OkStatus();
}

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
  size_t data_begin = 0;
  Entries entries;

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
  if (size < kLengthBytes)
    return absl::DataLossError(absl::StrFormat("truncated: only %d bytes", size));
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapped == MAP_FAILED) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("cannot be mapped: %s", std::generic_category().message(errno)));
  }
  bytes = static_cast<const uint8_t*>(mapped);
  return absl::OkStatus();
}

absl::Status SafetensorsFile::Mapping::Read() {
  const uint64_t header_bytes = LittleEndian64(bytes);
  if (header_bytes > kMaxHeaderBytes) {
    return absl::DataLossError(absl::StrFormat("header of %d bytes is over the limit of %d (not a safetensors file?)",
                                               header_bytes, kMaxHeaderBytes));
  }
  if (header_bytes > size - kLengthBytes) {
    return absl::DataLossError(absl::StrFormat("truncated: a header of %d bytes in a file of %d", header_bytes, size));
  }
  data_begin = kLengthBytes + header_bytes;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + kLengthBytes, header_bytes);
  RUYI_ASSIGN_OR_RETURN(entries, ParseHeader(text, size - data_begin));
  return CheckCover(entries, size - data_begin);
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

const std::map<std::string, SafetensorsFile::Entry, std::less<>>& SafetensorsFile::entries() const {
  return mapping_->entries;
}

absl::StatusOr<at::Tensor> SafetensorsFile::Get(std::string_view name) const {
  const auto found = mapping_->entries.find(name);
  if (found == mapping_->entries.end()) {
    return absl::NotFoundError(absl::StrFormat("%s: no tensor '%s'", mapping_->path.string(), name));
  }
  const Entry& entry = found->second;
  const uint8_t* begin = mapping_->bytes + mapping_->data_begin + entry.begin;
  const size_t size = entry.end - entry.begin;
  if (entry.dtype == c10::kBool && std::any_of(begin, begin + size, [](uint8_t value) { return value > 1; })) {
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
