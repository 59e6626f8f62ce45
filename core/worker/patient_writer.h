// Writes a result with patience: where the store is away, it writes the same bytes again. Before it: the video encoder.
// After it: the artifact store's own writer. Not thread-safe.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/artifact/artifact_store.h"
#include "core/worker/patience.h"

namespace ruyi {

class PatientWriter final : public ResultWriter {
 public:
  // `patience` must outlive it.
  PatientWriter(std::unique_ptr<ResultWriter> writer, const Patience& patience)
      : writer_(std::move(writer)), patience_(patience) {}

  absl::Status Write(std::span<const uint8_t> bytes) override {
    return patience_.Persist([&] { return writer_->Write(bytes); });
  }
  absl::StatusOr<FileDigest> Seal() override {
    return patience_.Persist([&] { return writer_->Seal(); });
  }

 private:
  const std::unique_ptr<ResultWriter> writer_;
  const Patience& patience_;
};

}  // namespace ruyi
