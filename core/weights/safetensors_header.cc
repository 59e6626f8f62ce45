#include "core/weights/safetensors_header.h"

#include <algorithm>
#include <array>
#include <optional>

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
constexpr std::string_view kMetadata = "__metadata__";

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

// Returns null for a name that the format does not have.
const NamedType* FindType(std::string_view name) {
  const auto* const found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const NamedType& type) { return type.name == name; });
  return found == kTypes.end() ? nullptr : found;
}

uint64_t LittleEndian64(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < kLengthBytes; ++i)
    value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  return value;
}

std::string LengthBytes(uint64_t length) {
  std::string bytes;
  for (size_t i = 0; i < kLengthBytes; ++i)
    bytes.push_back(static_cast<char>(length >> (8 * i)));
  return bytes;
}

std::optional<std::string_view> NameOf(c10::ScalarType type) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const NamedType& t) { return t.type == type; });
  if (found == kTypes.end())
    return std::nullopt;
  return found->name;
}

absl::Status Damaged(std::string_view tensor, absl::string_view what) {
  return absl::DataLossError(absl::StrFormat("tensor '%s': %s", tensor, what));
}

// Returns the bytes that `dtype` × `shape` takes.
absl::StatusOr<size_t> ByteSize(std::string_view name, c10::ScalarType dtype, const std::vector<int64_t>& shape) {
  int64_t bytes = static_cast<int64_t>(c10::elementSize(dtype));
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(bytes, extent, &bytes))
      return Damaged(name, "shape overflows");
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
  const NamedType* type = FindType(*dtype);
  if (type == nullptr)
    return Damaged(name, absl::StrFormat("unknown dtype '%s'", *dtype));
  return type->type;
}

absl::Status ParseOffsets(std::string_view name, const json& fields, size_t data_bytes, SafetensorsEntry& entry) {
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

absl::StatusOr<SafetensorsEntry> ParseEntry(std::string_view name, const json& fields, size_t data_bytes) {
  if (!fields.is_object())
    return Damaged(name, "its description is not an object");
  SafetensorsEntry entry;
  RUYI_ASSIGN_OR_RETURN(entry.dtype, ParseType(name, fields));
  RUYI_ASSIGN_OR_RETURN(entry.shape, ParseShape(name, fields));
  RUYI_RETURN_IF_ERROR(ParseOffsets(name, fields, data_bytes, entry));
  RUYI_ASSIGN_OR_RETURN(const size_t size, ByteSize(name, entry.dtype, entry.shape));
  if (size != entry.end - entry.begin) {
    return Damaged(name, absl::StrFormat("dtype and shape take %d bytes, but data_offsets span %d", size,
                                         entry.end - entry.begin));
  }
  return entry;
}

std::map<std::string, std::string, std::less<>> TextsOf(const json& metadata) {
  std::map<std::string, std::string, std::less<>> texts;
  if (!metadata.is_object())
    return texts;
  for (const auto& [key, value] : metadata.items()) {
    if (value.is_string())
      texts.emplace(key, value.get<std::string>());
  }
  return texts;
}

absl::Status ParseHeader(std::string_view text, size_t data_bytes, SafetensorsHeader& header) {
  RUYI_ASSIGN_OR_RETURN(const json parsed, ParseJson(text, "header"));
  if (!parsed.is_object())
    return absl::DataLossError("header: not a JSON object");
  for (const auto& [name, fields] : parsed.items()) {
    if (name == kMetadata) {
      header.metadata = TextsOf(fields);
      continue;
    }
    RUYI_ASSIGN_OR_RETURN(SafetensorsEntry entry, ParseEntry(name, fields, data_bytes));
    header.entries.emplace(name, std::move(entry));
  }
  return absl::OkStatus();
}

// The tensors must cover the data without overlap and without holes.
absl::Status CheckCover(const SafetensorsEntries& entries, size_t data_bytes) {
  std::vector<std::pair<const SafetensorsEntry*, std::string_view>> order;
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

}  // namespace

absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(std::string_view file) {
  if (file.size() < kLengthBytes)
    return absl::DataLossError(absl::StrFormat("truncated: only %d bytes", file.size()));
  const uint64_t header_bytes = LittleEndian64(file);
  if (header_bytes > kMaxHeaderBytes) {
    return absl::DataLossError(absl::StrFormat("header of %d bytes is over the limit of %d (not a safetensors file?)",
                                               header_bytes, kMaxHeaderBytes));
  }
  if (header_bytes > file.size() - kLengthBytes) {
    return absl::DataLossError(
        absl::StrFormat("truncated: a header of %d bytes in a file of %d", header_bytes, file.size()));
  }
  SafetensorsHeader header;
  header.data_begin = kLengthBytes + header_bytes;
  const size_t data_bytes = file.size() - header.data_begin;
  RUYI_RETURN_IF_ERROR(ParseHeader(file.substr(kLengthBytes, header_bytes), data_bytes, header));
  RUYI_RETURN_IF_ERROR(CheckCover(header.entries, data_bytes));
  return header;
}

std::string_view SafetensorsName(c10::ScalarType type) {
  return NameOf(type).value_or("no type of the format");
}

bool AreValues(std::string_view bytes, c10::ScalarType dtype) {
  return dtype != c10::kBool ||
         std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0 || byte == 1; });
}

std::string SafetensorsHeaderBytes(const SafetensorsHeader& header) {
  json parts = json::object();
  if (!header.metadata.empty())
    parts[std::string(kMetadata)] = header.metadata;
  for (const auto& [name, entry] : header.entries) {
    parts[name] = {
        {"dtype", NameOf(entry.dtype).value()}, {"shape", entry.shape}, {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text = parts.dump();
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  return LengthBytes(text.size()) + text;
}

}  // namespace ruyi
