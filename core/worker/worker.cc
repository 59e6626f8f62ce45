#include "core/worker/worker.h"

#include <utility>

#include "core/worker/job_run.h"

namespace ruyi {

Worker::Worker(std::unique_ptr<Pipeline> pipeline, JobQueue* queue, const VideoEncoderFactory* encoders,
               const Clock& clock)
    : pipeline_(std::move(pipeline)), queue_(queue), encoders_(encoders), clock_(clock), thread_([this] { Run(); }) {}

Worker::~Worker() {
  thread_.join();
}

void Worker::Run() {
  while (const std::shared_ptr<Job> job = queue_->Pop()) {
    JobRun(*job, *encoders_, clock_).Run(*pipeline_);
    queue_->Done(*job);
  }
}

}  // namespace ruyi
