// From a request to a job in the queue: validates, plans, accepts, queues. Before it: server/convert. After it:
// core/job. Refuses everything until the model is ready. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/job/job_queue.h"
#include "core/media/image_decoder.h"
#include "core/plan/planner.h"
#include "core/request/limits.h"
#include "server/service/job_observer.h"

namespace ruyi {

class JobIntake {
 public:
  // All that is pointed to must outlive the intake.
  struct Parts {
    RequestLimits limits;
    const ImageDecoder* decoder = nullptr;
    JobQueue* queue = nullptr;
    const Clock* clock = nullptr;
    std::vector<JobObserver*> observers;
    std::function<uint64_t()> draw_seed;
    std::function<std::string()> draw_id;
  };
  explicit JobIntake(Parts parts) : parts_(std::move(parts)) {}

  // The model is loaded, has this geometry and takes these LoRAs: requests are taken from now on.
  void SetReady(const LatentGeometry& geometry, std::shared_ptr<const LoraCatalog> loras);

  // UNAVAILABLE with reason MODEL_LOADING and a retry delay, until SetReady.
  absl::Status Ready() const;

  // A job for `request` whose events go to `events`; it ends at `deadline` at the latest. It is not queued yet. Errors:
  // those of Ready, Validate and Planner. Blocks for the time of the image decodes.
  absl::StatusOr<std::shared_ptr<Job>> Accept(const GenerationRequest& request, absl::Time deadline,
                                              std::shared_ptr<JobEventSink> events) const;

  // Reports JobAccepted and queues `job`; when the queue refuses, JobFailed with the reason.
  void Queue(const std::shared_ptr<Job>& job) const;

  // Ends `job`: at once while it waits, else at its next boundary.
  void Cancel(Job& job, const absl::Status& why) const { parts_.queue->Cancel(job, why); }

  // Must not be called until Ready.
  std::vector<std::string> lora_names() const { return model()->loras->Names(); }
  const RequestLimits& limits() const { return parts_.limits; }
  int queue_capacity() const { return static_cast<int>(parts_.queue->capacity()); }

 private:
  // What a request to the loaded model is checked with.
  struct Model {
    Planner planner;
    std::shared_ptr<const LoraCatalog> loras;
  };
  std::shared_ptr<const Model> model() const;

  const Parts parts_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const Model> model_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
