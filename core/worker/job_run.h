// One attempt at a job, from its lease to its end: places the model, runs the pipeline, encodes its frames into the
// job's result and logs what happens. Before it: core/worker/worker. After it: the job store and the artifact store.
// Lives for one attempt on the worker's thread; RequestHandBack may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/artifact/artifact_store.h"
#include "core/base/cancellation.h"
#include "core/base/clock.h"
#include "core/base/wake_up.h"
#include "core/job/job_event.h"
#include "core/job/video_result.h"
#include "core/media/image_encoder.h"
#include "core/media/video_encoder.h"
#include "core/pipeline/pipeline.h"
#include "core/store/job_store.h"
#include "core/worker/patience.h"
#include "core/worker/phase_times.h"

namespace ruyi {

// Says what it took to keep a checkpoint.
struct CheckpointCost {
  absl::Duration took;  // while the device waited
  int64_t bytes = 0;
};

// Holds what a worker works with. Everything that it points to must outlive the worker.
struct WorkerTools {
  std::string name;  // of the worker, as streams and logs show it
  JobStore* jobs = nullptr;
  ArtifactStore* artifacts = nullptr;
  const VideoEncoderFactory* encoders = nullptr;
  const ImageEncoder* previews = nullptr;
  const Clock* clock = nullptr;
  Provenance provenance;  // of the loaded model and this build; the rest is filled in per job
  std::string device;     // what the worker computes on, for people to read
  absl::Duration lease = absl::Seconds(60);
  absl::Duration checkpoint_interval = absl::Seconds(30);
  absl::Duration retry_interval = absl::Seconds(1);     // after which a store that was away is asked again
  std::function<void(const absl::Status&)> on_trouble;  // called when a store could not be asked or told
  std::function<void(const CheckpointCost&)> on_checkpoint = [](const CheckpointCost&) {};  // when one was kept
};

class JobRun final : public ProgressSink, public FrameSink, public CheckpointSink {
 public:
  JobRun(const Lease& lease, const WorkerTools& tools);

  // Makes the video and ends the job, or hands it back. Returns what the attempt ended with: OK, the error that the job
  // ended with, or ABORTED with HANDED_BACK or LEASE_LOST. A store of jobs that is away is told once it is back, unless
  // the job was to be handed back meanwhile; when it cannot be told, the job is left to the end of its lease. While the
  // artifact store is away the run waits for it, up to the length of a lease for each call, and then hands the job back
  // with UNAVAILABLE STORE_UNAVAILABLE. Blocks for the whole video.
  absl::Status Run(Pipeline& pipeline);

  // Lets the job go back to the queue at its next boundary, with a checkpoint where there is something to keep.
  void RequestHandBack() {
    is_hand_back_wanted_ = true;
    wake_up_.Wake();
  }

  void OnProgress(const Progress& progress) override;
  void OnRetry(const Retry& retry) override;
  void OnResume() override;
  void OnPreview(int step, const RgbImage& picture) override;
  absl::Status OnFrame(const RgbImage& frame) override;
  bool IsWanted() override;
  absl::Status OnCheckpoint(Checkpoint checkpoint) override;

 private:
  absl::StatusOr<JobCompleted> MakeVideo(Pipeline& pipeline);
  absl::StatusOr<Placement> ChoosePlacement(const Pipeline& pipeline) const;
  absl::Status Begin(const Placement& placement);
  absl::StatusOr<std::string> ReadCheckpoint();
  absl::StatusOr<std::vector<RgbImage>> ReadPictures() const;
  absl::StatusOr<std::optional<FileDigest>> SealedResult() const;
  absl::StatusOr<FileDigest> SealResult();
  absl::StatusOr<GenerationReport> Generate(Pipeline& pipeline, const Placement& placement, const std::string& state);
  absl::Status OpenEncoder();

  // Returns OK while a store that is away may be waited for.
  absl::Status MayWait() const;
  absl::Status Keep(const Checkpoint& checkpoint);
  absl::Status Drop(const CheckpointRef& checkpoint);
  absl::Status Insist(absl::FunctionRef<absl::Status()> tell);
  absl::Status End(absl::StatusOr<JobCompleted> outcome);
  absl::Status Tell(absl::StatusOr<JobCompleted> outcome);
  JobCompleted OutcomeOf(FileDigest file);
  Provenance ProvenanceOf() const;
  void Log(JobEvent event);
  std::optional<absl::Duration> TimePerUnit(const Progress& progress);
  absl::Duration Worked() const;

  const Lease& lease_;
  const WorkerTools& tools_;
  const VideoSpec& spec_;
  CancellationSource cancellation_;
  std::atomic<bool> is_hand_back_wanted_ = false;
  WakeUp wake_up_;           // from the wait for a store of jobs that is away
  const Patience patience_;  // with the artifact store
  std::unique_ptr<ResultWriter> writer_;
  std::unique_ptr<VideoEncoder> encoder_;
  PhaseTimes times_;
  Phase phase_ = Phase::kConditioning;
  int done_ = 0;                // units of the phase, as the last report had them
  int done_at_begin_ = 0;       // as the first report of the phase had them, or of its last repetition
  absl::Duration time_before_;  // of the phase, until that report
  VideoUsage usage_;
  std::vector<int> skipped_steps_;
  bool has_resumed_ = false;
  std::optional<CheckpointRef> checkpoint_;  // the last one
  absl::Duration last_checkpoint_;           // when it was made, or the work began
};

// Returns ABORTED HANDED_BACK: the job goes back to the queue.
absl::Status HandedBack();

}  // namespace ruyi
