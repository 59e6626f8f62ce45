#include "core/pipeline/ruyi/control_embeddings.h"

#include <ATen/core/TensorBody.h>

#include <cmath>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/weights/magnitude.h"

namespace ruyi {
namespace {

constexpr int kMaxMotion = 4;
constexpr char kNegativeKey[] = "n.default";

std::string_view NameOf(Camera camera) {
  switch (camera) {
    case Camera::kStatic:
      return "static";
    case Camera::kLeft:
      return "left";
    case Camera::kRight:
      return "right";
    case Camera::kUp:
      return "up";
    case Camera::kDown:
      return "down";
    case Camera::kAuto:
      break;
  }
  return "auto";
}

// The published prompts are those of the aspect ratio 16:9, which serve for all.
std::string PositiveKey(Camera camera, std::optional<int> motion) {
  return absl::StrFormat("p.16x9movie%d%s", motion.value_or(0), NameOf(camera));
}

}  // namespace

ControlEmbeddings::ControlEmbeddings(SafetensorsFile file, const DitConfig& config)
    : file_(std::move(file)), config_(config) {}

absl::StatusOr<ControlEmbeddings> ControlEmbeddings::Load(const std::filesystem::path& file, const DitConfig& config) {
  RUYI_ASSIGN_OR_RETURN(SafetensorsFile opened, SafetensorsFile::Open(file));
  ControlEmbeddings embeddings(std::move(opened), config);
  if (absl::Status status = embeddings.CheckAll(); !status.ok())
    return absl::Status(status.code(), absl::StrFormat("%s: %s", file.string(), status.message()));
  return embeddings;
}

// Checks that the prompts are finite; masks may be integers.
absl::Status ControlEmbeddings::CheckNumbers() const {
  for (const auto& [name, entry] : file_.entries()) {
    RUYI_ASSIGN_OR_RETURN(const at::Tensor tensor, file_.Get(name));
    const bool is_mask = name.ends_with(".mask1") || name.ends_with(".mask2");
    if (!tensor.is_floating_point() && !is_mask) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "tensor '%s' is of type %s; it must be of a floating-point type", name, SafetensorsName(entry.dtype)));
    }
    if (tensor.is_floating_point() && !std::isfinite(RoundedTo(at::kFloat, LargestMagnitude(tensor))))
      return absl::FailedPreconditionError(absl::StrFormat("tensor '%s' is not finite", name));
  }
  return absl::OkStatus();
}

absl::Status ControlEmbeddings::CheckAll() const {
  RUYI_RETURN_IF_ERROR(CheckNumbers());
  RUYI_RETURN_IF_ERROR(Negative().status());
  for (const Camera camera :
       {Camera::kAuto, Camera::kStatic, Camera::kLeft, Camera::kRight, Camera::kUp, Camera::kDown}) {
    RUYI_RETURN_IF_ERROR(Positive(camera, std::nullopt).status());
    for (int motion = 1; motion <= kMaxMotion; ++motion) {
      RUYI_RETURN_IF_ERROR(Positive(camera, motion).status());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ControlEmbedding> ControlEmbeddings::Positive(Camera camera, std::optional<int> motion) const {
  return Find(PositiveKey(camera, motion), "p.default");
}

c10::ScalarType ControlEmbeddings::stored_type() const {
  return file_.entries().at(std::string(kNegativeKey) + ".emb1").dtype;  // CheckAll found it
}

absl::StatusOr<ControlEmbedding> ControlEmbeddings::Negative() const {
  return Find(kNegativeKey, kNegativeKey);
}

absl::StatusOr<ControlEmbedding> ControlEmbeddings::Find(const std::string& key, const std::string& fallback) const {
  ControlEmbedding found;
  RUYI_ASSIGN_OR_RETURN(found.text,
                        Get(key + ".emb1", fallback + ".emb1", {1, config_.text_length, config_.cross_attention_dim}));
  RUYI_ASSIGN_OR_RETURN(found.text_mask, Get(key + ".mask1", fallback + ".mask1", {1, config_.text_length}));
  RUYI_ASSIGN_OR_RETURN(found.t5, Get(key + ".emb2", fallback + ".emb2", {1, config_.t5_length, config_.t5_dim}));
  RUYI_ASSIGN_OR_RETURN(found.t5_mask, Get(key + ".mask2", fallback + ".mask2", {1, config_.t5_length}));
  return found;
}

absl::StatusOr<at::Tensor> ControlEmbeddings::Get(const std::string& name, const std::string& fallback,
                                                  at::IntArrayRef shape) const {
  const std::string& present = file_.entries().contains(name) ? name : fallback;
  if (!file_.entries().contains(present))
    return absl::FailedPreconditionError(absl::StrFormat("neither %s nor %s is in the file", name, fallback));
  RUYI_ASSIGN_OR_RETURN(const at::Tensor tensor, file_.Get(present));
  if (tensor.sizes() != shape) {
    return absl::FailedPreconditionError(absl::StrFormat("%s has shape [%s]; the transformer takes [%s]", present,
                                                         absl::StrJoin(tensor.sizes(), ", "),
                                                         absl::StrJoin(shape, ", ")));
  }
  return tensor.to(at::kFloat);
}

}  // namespace ruyi
