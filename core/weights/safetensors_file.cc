#include "core/weights/safetensors_file.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/status_macros.h"

namespace ruyi {

struct SafetensorsFile::Content {
  std::filesystem::path path;
  std::shared_ptr<const FileBytes> bytes;
  SafetensorsHeader header;
};

absl::StatusOr<SafetensorsFile> SafetensorsFile::Parse(const std::filesystem::path& path,
                                                       absl::StatusOr<std::shared_ptr<const FileBytes>> bytes) {
  if (!bytes.ok())
    return WithPrefix(path.string(), bytes.status());
  absl::StatusOr<SafetensorsHeader> header = ParseSafetensorsHeader((*bytes)->bytes());
  if (!header.ok())
    return WithPrefix(path.string(), header.status());
  SafetensorsFile file;
  file.content_ =
      std::make_shared<const Content>(Content{.path = path, .bytes = *std::move(bytes), .header = *std::move(header)});
  return file;
}

absl::StatusOr<SafetensorsFile> SafetensorsFile::Open(const std::filesystem::path& path) {
  return Parse(path, FileBytes::Open(path));
}

absl::StatusOr<SafetensorsFile> SafetensorsFile::Read(const std::filesystem::path& path, int64_t max_bytes) {
  return Parse(path, FileBytes::Read(path, max_bytes));
}

const SafetensorsEntries& SafetensorsFile::entries() const {
  return content_->header.entries;
}

const std::shared_ptr<const FileBytes>& SafetensorsFile::bytes() const {
  return content_->bytes;
}

absl::StatusOr<at::Tensor> SafetensorsFile::Get(std::string_view name) const {
  const auto found = content_->header.entries.find(name);
  if (found == content_->header.entries.end()) {
    return absl::NotFoundError(absl::StrFormat("%s: no tensor '%s'", content_->path.string(), name));
  }
  const Entry& entry = found->second;
  const std::string_view bytes =
      content_->bytes->bytes().substr(content_->header.data_begin + entry.begin, entry.end - entry.begin);
  if (!AreValues(bytes, entry.dtype)) {
    return absl::DataLossError(
        absl::StrFormat("%s: tensor '%s' is BOOL but holds bytes other than 0 and 1", content_->path.string(), name));
  }
  if (!bytes.empty() && reinterpret_cast<uintptr_t>(bytes.data()) % c10::elementSize(entry.dtype) != 0) {
    at::Tensor copy = at::empty(entry.shape, entry.dtype);
    std::memcpy(copy.data_ptr(), bytes.data(), bytes.size());
    return copy;
  }
  return at::from_blob(
      const_cast<char*>(bytes.data()), entry.shape, [keep = content_->bytes](void*) {}, at::TensorOptions(entry.dtype));
}

}  // namespace ruyi
