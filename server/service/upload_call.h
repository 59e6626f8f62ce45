// One UploadImage call: collects the bytes of a picture, within bounds, and keeps them. Before it: the wire. After it:
// core/intake. Owned by itself until gRPC is done with it. Thread-safe.
#pragma once

#include <grpcpp/support/server_callback.h>
#include <ruyi/v1/video_service.pb.h>

#include <atomic>
#include <memory>
#include <string>

#include "core/intake/job_intake.h"
#include "server/service/task_pool.h"

namespace ruyi {

class UploadCall final : public grpc::ServerReadReactor<ruyi::v1::UploadImageRequest> {
 public:
  // How many uploads may be under way at once: each holds a picture in memory.
  static constexpr int kMaxUploads = 16;

  // `open_uploads` counts those that are under way. All must outlive the call.
  UploadCall(JobIntake& intake, TaskPool& pool, std::atomic<int>& open_uploads, ruyi::v1::Image* answer);

  void OnReadDone(bool ok) override;
  void OnDone() override;

 private:
  void Keep();
  void End(const absl::Status& status);

  JobIntake& intake_;
  TaskPool& pool_;
  std::atomic<int>& open_uploads_;
  ruyi::v1::Image* answer_;
  ruyi::v1::UploadImageRequest message_;
  std::string bytes_;
};

}  // namespace ruyi
