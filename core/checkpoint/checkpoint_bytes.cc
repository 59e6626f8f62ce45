#include "core/checkpoint/checkpoint_bytes.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/weights/safetensors_header.h"

namespace ruyi {
namespace {

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "ruyi-checkpoint";
constexpr std::string_view kVersionKey = "version";
constexpr std::string_view kVersion = "1";

SafetensorsHeader HeaderOf(const TensorState& state) {
  SafetensorsHeader header;
  header.metadata = {{std::string(kFormatKey), std::string(kFormat)},
                     {std::string(kVersionKey), std::string(kVersion)}};
  size_t end = 0;
  for (const auto& [name, tensor] : state.tensors()) {
    const size_t begin = std::exchange(end, end + tensor.nbytes());
    header.entries[name] = {.dtype = tensor.scalar_type(), .shape = tensor.sizes().vec(), .begin = begin, .end = end};
  }
  return header;
}

absl::Status CheckFormat(const SafetensorsHeader& header) {
  const auto format = header.metadata.find(kFormatKey);
  const auto version = header.metadata.find(kVersionKey);
  if (format == header.metadata.end() || format->second != kFormat || version == header.metadata.end())
    return absl::DataLossError(absl::StrFormat("not a checkpoint: its metadata lack %s %s", kFormatKey, kFormat));
  if (version->second == kVersion)
    return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("a checkpoint of version '%s', but this program reads version %s: begin the run anew",
                      version->second, kVersion));
}

absl::StatusOr<at::Tensor> TensorOf(const SafetensorsEntry& entry, std::string_view data) {
  const std::string_view bytes = data.substr(entry.begin, entry.end - entry.begin);
  if (!AreValues(bytes, entry.dtype))
    return absl::DataLossError("a BOOL tensor of the checkpoint holds bytes other than 0 and 1");
  at::Tensor tensor = at::empty(entry.shape, entry.dtype);
  if (!bytes.empty())
    std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

// Copies once: what lies on another device goes straight to where it is to be.
void Append(const at::Tensor& tensor, std::string& bytes) {
  const at::Tensor flat = tensor.contiguous().flatten().view(at::kByte);
  if (flat.is_cpu()) {
    bytes.append(static_cast<const char*>(flat.const_data_ptr()), flat.nbytes());
    return;
  }
  const size_t begin = bytes.size();
  bytes.resize(begin + flat.nbytes());
  at::from_blob(bytes.data() + begin, flat.sizes(), at::kByte).copy_(flat);
}

}  // namespace

std::string SerializeState(const TensorState& state) {
  std::string bytes = SafetensorsHeaderBytes(HeaderOf(state));
  size_t data_bytes = 0;
  for (const auto& [name, tensor] : state.tensors())
    data_bytes += tensor.nbytes();
  bytes.reserve(bytes.size() + data_bytes);
  for (const auto& [name, tensor] : state.tensors())
    Append(tensor, bytes);
  return bytes;
}

absl::StatusOr<TensorState> ParseState(std::string_view bytes) {
  RUYI_ASSIGN_OR_RETURN(const SafetensorsHeader header, ParseSafetensorsHeader(bytes));
  RUYI_RETURN_IF_ERROR(CheckFormat(header));
  return GuardExceptions("reading a checkpoint", [&]() -> absl::StatusOr<TensorState> {
    TensorState state;
    for (const auto& [name, entry] : header.entries) {
      RUYI_ASSIGN_OR_RETURN(at::Tensor tensor, TensorOf(entry, bytes.substr(header.data_begin)));
      state.Put(name, std::move(tensor));
    }
    return state;
  });
}

}  // namespace ruyi
