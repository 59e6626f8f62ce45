// A FakePipeline whose job a test can watch: when its token ends, when a run ends. Before it: core/worker. The watch
// must outlive the pipeline; it is thread-safe, the pipeline is not.
#pragma once

#include <memory>

#include "absl/synchronization/mutex.h"
#include "core/base/cancellation.h"
#include "core/pipeline/pipeline.h"
#include "tests/server/counter.h"
#include "tests/support/fake_pipeline.h"

namespace ruyi {

class PipelineWatch {
 public:
  // Blocks until the job that is being made is cancelled or out of time; false when that takes longer than kPatience.
  bool AwaitTokenEnd() const;

  // Blocks until the job that is being made is to be handed back; false when that takes longer than kPatience. Only on
  // the worker's thread, in FakePipelineOptions::at_boundary, and where no checkpoint is due otherwise.
  bool AwaitHandBack() const;

  // Counts the runs that have ended.
  const Counter& ended() const { return ended_; }

 private:
  friend class WatchedPipeline;

  mutable absl::Mutex mutex_;
  CancellationToken token_ ABSL_GUARDED_BY(mutex_);
  CheckpointSink* checkpoints_ ABSL_GUARDED_BY(mutex_) = nullptr;
  Counter ended_;
};

std::unique_ptr<Pipeline> MakeWatchedPipeline(FakePipelineOptions options, PipelineWatch* watch);

}  // namespace ruyi
