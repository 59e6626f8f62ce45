// One GenerateVideo call: takes its job's events into an outbox and writes them one after the other. Losing the reader,
// a cancel or the deadline cancels the job. Before it: core/worker (through the job's event sink). After it: the wire.
// Owned by itself until gRPC is done with it, and by the job as its sink. Thread-safe.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <ruyi/v1/video_event.pb.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/job/job.h"
#include "core/request/generation_request.h"
#include "server/service/job_intake.h"
#include "server/service/outbox.h"

namespace ruyi {

class VideoStream final : public grpc::ServerWriteReactor<ruyi::v1::VideoEvent>,
                          public JobEventSink,
                          public std::enable_shared_from_this<VideoStream> {
 public:
  // Silence after which a heartbeat is sent.
  static constexpr absl::Duration kHeartbeatInterval = absl::Seconds(15);

  // `intake` and `clock` must outlive the stream.
  static std::shared_ptr<VideoStream> Create(const JobIntake& intake, const Clock& clock);

  // Makes a job of `request` and queues it, or ends the call with the reason why not. Blocks for the image decodes.
  void Start(const GenerationRequest& request, absl::Time deadline);

  // Ends the call without a job.
  void Refuse(const absl::Status& why);

  // Sends a heartbeat when nothing has been sent for kHeartbeatInterval, and frees a worker that waits for a slow
  // reader when the job was cancelled or is out of time.
  void Tick();

  absl::Status OnEvent(JobEvent event) override;

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  VideoStream(const JobIntake& intake, const Clock& clock);

  void WriteNext();
  void Write(ruyi::v1::VideoEvent event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndWith(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishWhenWritten() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const JobIntake& intake_;
  const Clock& clock_;
  Outbox outbox_;

  absl::Mutex mutex_;
  std::shared_ptr<VideoStream> self_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Job> job_ ABSL_GUARDED_BY(mutex_);
  ruyi::v1::VideoEvent message_;  // being written; touched only while no write is under way
  int64_t last_seq_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time last_write_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> final_status_ ABSL_GUARDED_BY(mutex_);  // nothing is written after it is set
};

}  // namespace ruyi
