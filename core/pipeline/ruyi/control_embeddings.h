// Reads the encoded prompts that stand for camera and motion: embeddings.safetensors of a model. Before it: the spec.
// After it: the transformer's conditions. Immutable; thread-safe. Source: get_control_embeddings of Ruyi-Models.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/model/dit/config.h"
#include "core/request/generation_request.h"
#include "core/weights/safetensors_file.h"

namespace ruyi {

// One encoded prompt as it is stored; its masks are floats. Shapes: [1, text_length, cross], [1, text_length], [1,
// t5_length, t5], [1, t5_length].
struct ControlEmbedding {
  at::Tensor text;
  at::Tensor text_mask;
  at::Tensor t5;
  at::Tensor t5_mask;
};

class ControlEmbeddings {
 public:
  // Opens the file and checks every prompt. Errors: those of SafetensorsFile; FAILED_PRECONDITION: a prompt that a
  // request may need is missing, has a shape that the transformer does not take, or numbers that are not finite.
  static absl::StatusOr<ControlEmbeddings> Load(const std::filesystem::path& file, const DitConfig& config);

  // Returns the prompt of a camera and a motion (absent: auto); the parts that the file lacks are taken from the
  // default prompt.
  absl::StatusOr<ControlEmbedding> Positive(Camera camera, std::optional<int> motion) const;

  // Returns the file whose memory the prompts share.
  const std::shared_ptr<const FileBytes>& file() const { return file_.bytes(); }

  // Returns the type in which the file has the prompts.
  c10::ScalarType stored_type() const;

  // Returns the prompt that guidance leads away from.
  absl::StatusOr<ControlEmbedding> Negative() const;

 private:
  ControlEmbeddings(SafetensorsFile file, const DitConfig& config);

  absl::Status CheckAll() const;
  absl::Status CheckNumbers() const;
  absl::StatusOr<ControlEmbedding> Find(const std::string& key, const std::string& fallback) const;
  absl::StatusOr<at::Tensor> Get(const std::string& name, const std::string& fallback, at::IntArrayRef shape) const;

  SafetensorsFile file_;
  DitConfig config_;
};

}  // namespace ruyi
