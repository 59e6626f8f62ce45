// Keeps the error that a sink of checkpoints ended a run with. Before it: the denoising. After it: the worker's
// CheckpointSink; ruyi_pipeline.h returns the error in the place of the run's. Not thread-safe: belongs to the thread
// that computes.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "core/pipeline/run_control.h"

namespace ruyi {

// Passes checkpoints on. An error of the sink ends the attempt as a cancellation does: it says nothing of the device.
class WatchedCheckpoints final : public CheckpointSink {
 public:
  explicit WatchedCheckpoints(CheckpointSink& next) : next_(next) {}

  bool IsWanted() override { return next_.IsWanted(); }

  absl::Status OnCheckpoint(Checkpoint checkpoint) override {
    error_ = next_.OnCheckpoint(std::move(checkpoint));
    return error_.ok() ? error_ : absl::CancelledError("the run is handed back");
  }

  // Returns the error of the sink.
  const absl::Status& error() const { return error_; }

 private:
  CheckpointSink& next_;
  absl::Status error_;
};

}  // namespace ruyi
