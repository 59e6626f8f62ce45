// One UploadImage call: collects the bytes of a picture, within bounds, and keeps them, unless the caller went away or
// the call's deadline passed. Before it: the wire. After it: core/intake, which is also told of refusals. Owned by
// itself until gRPC is done with it. Thread-safe.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <ruyi/v1/video_service.pb.h>

#include <atomic>
#include <memory>
#include <string>

#include "core/base/cancellation.h"
#include "core/base/clock.h"
#include "core/intake/job_intake.h"
#include "server/service/task_pool.h"

namespace ruyi {

class UploadCall final : public grpc::ServerReadReactor<ruyi::v1::UploadImageRequest> {
 public:
  // How many uploads may be under way at once: each holds a picture in memory.
  static constexpr int kMaxUploads = 16;

  struct Parts {
    JobIntake* intake = nullptr;
    TaskPool* pool = nullptr;                  // decodes
    std::atomic<int>* open_uploads = nullptr;  // counts those that are under way
    const Clock* clock = nullptr;
  };

  // What the parts point to must outlive the call; `context` and `answer` live as long as it does.
  UploadCall(const Parts& parts, grpc::CallbackServerContext& context, ruyi::v1::Image* answer);

  void OnReadDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void Keep();
  void End(const absl::Status& status);

  const Parts parts_;
  grpc::CallbackServerContext& context_;
  CancellationSource cancellation_;
  ruyi::v1::Image* answer_;
  ruyi::v1::UploadImageRequest message_;
  std::string bytes_;
};

}  // namespace ruyi
