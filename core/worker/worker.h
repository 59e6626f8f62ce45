// One device's thread of work: takes jobs from the queue, runs the pipeline, encodes its frames, cuts the bytes into
// chunks and reports every step as a JobEvent. Before it: core/job/job_queue. After it: each job's event sink.
// Owns the pipeline. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "core/base/clock.h"
#include "core/job/job_queue.h"
#include "core/media/video_encoder.h"
#include "core/pipeline/pipeline.h"

namespace ruyi {

class Worker {
 public:
  // All that is pointed to must outlive the worker.
  struct Parts {
    std::unique_ptr<Pipeline> pipeline;
    JobQueue* queue = nullptr;
    const VideoEncoderFactory* encoders = nullptr;
    const Clock* clock = nullptr;
    std::function<void(const absl::Status&)> on_lost;  // called on the worker's thread
  };

  // Starts the thread.
  explicit Worker(Parts parts);

  // Waits until the queue is closed and its last job is done, or the worker is lost.
  ~Worker();

 private:
  // Until the queue ends or a job ends with GPU_FAULT or MODEL_CHANGED: then the device will not compute again, or not
  // with the model that was loaded, and the worker is lost.
  void Run();

  const Parts parts_;
  std::thread thread_;
};

}  // namespace ruyi
