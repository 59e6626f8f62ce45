#include "core/worker/job_run.h"

#include <utility>

#include "core/base/status_macros.h"

namespace ruyi {

JobRun::JobRun(Job& job, const VideoEncoderFactory& encoders, const Clock& clock)
    : job_(job),
      encoders_(encoders),
      clock_(clock),
      token_(job.cancellation.token()),
      chunker_(job.events.get()),
      phase_start_(clock.Now()) {}

absl::Status JobRun::Run(Pipeline& pipeline) {
  completed_.queued = phase_start_ - job_.accepted_at;
  job_.cancellation.LimitDeadline(phase_start_ + job_.plan.execution_timeout);
  absl::StatusOr<JobCompleted> completed = MakeVideo(pipeline);
  const absl::Status status = completed.status();
  JobEvent last = status.ok() ? JobEvent(*std::move(completed)) : JobFailed{status};
  job_.events->OnEvent(std::move(last)).IgnoreError();  // nobody is left to tell
  return status;
}

absl::StatusOr<JobCompleted> JobRun::MakeVideo(Pipeline& pipeline) {
  RUYI_RETURN_IF_ERROR(OpenEncoder());
  RUYI_ASSIGN_OR_RETURN(completed_.report, pipeline.Generate(job_.plan, token_, *this, *this));
  RUYI_RETURN_IF_ERROR(encoder_->Finish());
  RUYI_ASSIGN_OR_RETURN(completed_.file, chunker_.Finish());
  EnterPhase(phase_);
  return std::move(completed_);
}

absl::Status JobRun::OpenEncoder() {
  const VideoFormat format = {.width = job_.plan.size.width,
                              .height = job_.plan.size.height,
                              .frames_per_second = job_.plan.frames_per_second,
                              .frame_count = job_.plan.frame_count};
  RUYI_ASSIGN_OR_RETURN(encoder_, encoders_.Create(format, &chunker_));
  return absl::OkStatus();
}

void JobRun::OnProgress(const Progress& progress) {
  EnterPhase(progress.phase);
  if (progress.phase == Phase::kDenoising)
    completed_.skipped_steps = progress.skipped_steps;
  JobProgress event = {.progress = progress};
  if (progress.done > 0) {
    event.per_unit = TimeOf(phase_) / progress.done;
    event.remaining = *event.per_unit * (progress.total - progress.done);
  }
  // When nobody listens any more, the next chunk or the token ends the job.
  job_.events->OnEvent(std::move(event)).IgnoreError();
}

void JobRun::OnRetry(const Retry& retry) {
  job_.events->OnEvent(JobRetry{retry}).IgnoreError();  // as with progress
}

absl::Status JobRun::OnFrame(const RgbImage& frame) {
  RUYI_RETURN_IF_ERROR(token_.Check());
  return encoder_->AddFrame(frame);
}

// Counts the time since the last call to the phase that ends or goes on.
void JobRun::EnterPhase(Phase phase) {
  const absl::Time now = clock_.Now();
  TimeOf(phase_) += now - phase_start_;
  phase_start_ = now;
  phase_ = phase;
}

absl::Duration& JobRun::TimeOf(Phase phase) {
  switch (phase) {
    case Phase::kConditioning:
      return completed_.conditioning;
    case Phase::kDenoising:
      return completed_.denoising;
    case Phase::kDecoding:
      break;
  }
  return completed_.decoding;
}

}  // namespace ruyi
