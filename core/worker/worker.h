// One device's thread of work: takes jobs from the queue, runs the pipeline, encodes its frames, cuts the bytes into
// chunks and reports every step as a JobEvent. Before it: core/job/job_queue. After it: each job's event sink.
// Owns the pipeline; the queue and the encoder factory must outlive it. Thread-safe.
#pragma once

#include <memory>
#include <thread>

#include "core/base/clock.h"
#include "core/job/job_queue.h"
#include "core/media/video_encoder.h"
#include "core/pipeline/pipeline.h"

namespace ruyi {

class Worker {
 public:
  // Starts the thread.
  Worker(std::unique_ptr<Pipeline> pipeline, JobQueue* queue, const VideoEncoderFactory* encoders, const Clock& clock);

  // Waits until the queue is closed and its last job is done.
  ~Worker();

 private:
  void Run();

  std::unique_ptr<Pipeline> pipeline_;
  JobQueue* queue_;
  const VideoEncoderFactory* encoders_;
  const Clock& clock_;
  std::thread thread_;
};

}  // namespace ruyi
