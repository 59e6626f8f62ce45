// From a request to a job in the queue: validates, plans, accepts, queues; or to what a job would take. Before it:
// server/convert. After it: core/job. Refuses everything until the model is ready. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
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

// What a loaded model brings.
struct LoadedModel {
  std::shared_ptr<const CostModel> costs;
  std::function<int64_t()> available_bytes;  // see Planner::Parts
  std::shared_ptr<const LoraCatalog> loras;
  int workers = 1;  // that share the queue
};

// What a request would take.
struct JobEstimate {
  Estimate estimate;
  absl::Duration queue_wait;  // predicted, until the work would begin
};

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

  // The model is loaded: requests are taken from now on. What `model` calls must outlive the intake's last call.
  void SetReady(LoadedModel model);

  // Requests are refused with `why` from now on.
  void Refuse(absl::Status why);

  // UNAVAILABLE with reason MODEL_LOADING and a retry delay, until SetReady. What was given to Refuse, after it.
  absl::Status Ready() const;

  // A job for `request` whose events go to `events`; it ends at `deadline` at the latest. It is not queued yet. Errors:
  // those of Ready, Validate and Planner. Blocks for the time of the image decodes.
  absl::StatusOr<std::shared_ptr<Job>> Accept(const GenerationRequest& request, absl::Time deadline,
                                              std::shared_ptr<JobEventSink> events) const;

  // What a job for `request` would take on this server now, or on a device that has `budget_bytes` for it. Errors:
  // those of Ready, Validate and Planner::EstimateFor. Blocks for the time of the image decodes.
  absl::StatusOr<JobEstimate> EstimateFor(const GenerationRequest& request, std::optional<int64_t> budget_bytes) const;

  // Reports JobAccepted and queues `job`; when the queue refuses, JobFailed with the reason: that of Refuse, if there
  // is one.
  void Queue(const std::shared_ptr<Job>& job) const;

  // Ends `job`: at once while it waits, else at its next boundary.
  void Cancel(Job& job, const absl::Status& why) const { parts_.queue->Cancel(job, why); }

  // Must not be called until SetReady.
  std::vector<std::string> lora_names() const { return model_if_any()->loaded.loras->Names(); }

  // Bytes that a device has for a video now; nullopt until SetReady.
  std::optional<int64_t> available_bytes() const;

  const RequestLimits& limits() const { return parts_.limits; }
  int queue_capacity() const { return static_cast<int>(parts_.queue->capacity()); }

 private:
  // What a request to the loaded model is checked with.
  struct Model {
    Planner planner;
    LoadedModel loaded;
  };
  std::shared_ptr<const Model> model_if_any() const;
  absl::StatusOr<std::shared_ptr<const Model>> model() const;
  absl::StatusOr<ValidatedRequest> Check(const GenerationRequest& request, const Model& model) const;

  const Parts parts_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const Model> model_ ABSL_GUARDED_BY(mutex_);
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
