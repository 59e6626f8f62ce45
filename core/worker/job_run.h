// One job from its start to its last event: the pipeline's progress and frames become events and MP4 chunks.
// Before it: core/worker/worker. After it: the job's event sink. Lives for one job on the worker's thread; not
// thread-safe.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/job/job.h"
#include "core/media/video_encoder.h"
#include "core/pipeline/pipeline.h"
#include "core/worker/chunker.h"

namespace ruyi {

class JobRun final : public ProgressSink, public FrameSink {
 public:
  // Everything must outlive the run.
  JobRun(Job& job, const VideoEncoderFactory& encoders, const Clock& clock);

  // Makes the video and reports it. The last event is JobCompleted or JobFailed, whose status is returned. Blocks for
  // the whole video.
  absl::Status Run(Pipeline& pipeline);

  void OnProgress(const Progress& progress) override;
  void OnRetry(const Retry& retry) override;
  absl::Status OnFrame(const RgbImage& frame) override;

 private:
  absl::StatusOr<JobCompleted> MakeVideo(Pipeline& pipeline);
  absl::Status OpenEncoder();
  void EnterPhase(Phase phase);
  absl::Duration& TimeOf(Phase phase);

  Job& job_;
  const VideoEncoderFactory& encoders_;
  const Clock& clock_;
  CancellationToken token_;
  Chunker chunker_;
  std::unique_ptr<VideoEncoder> encoder_;
  Phase phase_ = Phase::kConditioning;
  absl::Time phase_start_;
  JobCompleted completed_;
};

}  // namespace ruyi
