// One UploadImage call: collects the bytes of a picture, within bounds of size and time, and keeps them, unless the
// caller went away or the call's deadline passed. Before it: the wire. After it: core/intake, which is also told of
// refusals. Owned by itself until gRPC is done with it. Thread-safe.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <ruyi/v1/video_service.pb.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/call_context.h"
#include "core/base/cancellation.h"
#include "core/base/clock.h"
#include "core/intake/job_intake.h"
#include "server/service/open_stream.h"
#include "server/service/received_message.h"
#include "server/service/task_pool.h"

namespace ruyi {

class UploadCall final : public grpc::ServerReadReactor<ReceivedMessage<ruyi::v1::UploadImageRequest>>,
                         public OpenStream,
                         public std::enable_shared_from_this<UploadCall> {
 public:
  // How many uploads may be under way at once: each holds a picture in memory.
  static constexpr int kMaxUploads = 16;
  // Silence, and time for all bytes, after which an upload is ended, for it takes another one's place.
  static constexpr absl::Duration kMaxSilence = absl::Seconds(30);
  static constexpr absl::Duration kMaxTime = absl::Minutes(10);

  struct Parts {
    absl::StatusOr<CallContext> caller;  // or why the call is not let in
    JobIntake* intake = nullptr;
    TaskPool* pool = nullptr;                  // decodes
    std::atomic<int>* open_uploads = nullptr;  // counts those that are under way
    const Clock* clock = nullptr;
  };

  // What the parts point to must outlive the call; `context` and `answer` live as long as it does.
  UploadCall(const Parts& parts, grpc::CallbackServerContext& context, ruyi::v1::Image* answer);

  // Begins to read. Once, after construction as a shared_ptr: the call then keeps itself alive until OnDone.
  void Start();

  void Tick() override;
  void EndWhenDry(const absl::Status& why) override { End(why); }
  // Ends the call, unless all bytes are there: then it ends by itself.
  void End(const absl::Status& why) override;

  void OnReadDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  enum class State { kReading, kKeeping, kEnded };

  absl::Status Take();
  void Keep();
  void EndFrom(State state, const absl::Status& status);
  bool BeginToKeep();

  const Parts parts_;
  const CallContext caller_;
  grpc::CallbackServerContext& context_;
  CancellationSource cancellation_;
  ruyi::v1::Image* answer_;
  ReceivedMessage<ruyi::v1::UploadImageRequest> message_;  // being read
  std::string bytes_;
  const absl::Duration begin_;
  absl::Mutex mutex_;
  std::shared_ptr<UploadCall> self_ ABSL_GUARDED_BY(mutex_);
  State state_ ABSL_GUARDED_BY(mutex_) = State::kReading;
  absl::Duration last_message_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
