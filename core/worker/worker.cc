#include "core/worker/worker.h"

#include <string>
#include <utility>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/worker/job_run.h"

namespace ruyi {

Worker::Worker(Parts parts) : parts_(std::move(parts)), thread_([this] { Run(); }) {}

Worker::~Worker() {
  thread_.join();
}

void Worker::Run() {
  while (const std::shared_ptr<Job> job = parts_.queue->Pop()) {
    const absl::Status status = JobRun(*job, *parts_.encoders, *parts_.clock).Run(*parts_.pipeline);
    parts_.queue->Done(*job);
    if (const std::string why = GetErrorInfo(status).reason; why == reason::kGpuFault || why == reason::kModelChanged)
      return parts_.on_lost(status);
  }
}

}  // namespace ruyi
