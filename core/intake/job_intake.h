// Turns a request into a job in the store: checks it, plans it, keeps its pictures, creates the job; or says what a job
// would take. Before it: server/convert. After it: core/store, where a worker finds the job. Refuses everything until
// the model is ready. Thread-safe.
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
#include "core/artifact/artifact_store.h"
#include "core/base/cancellation.h"
#include "core/intake/job_request.h"
#include "core/job/job_observer.h"
#include "core/media/image_decoder.h"
#include "core/plan/planner.h"
#include "core/request/limits.h"
#include "core/request/lora_shelf.h"
#include "core/store/job_store.h"

namespace ruyi {

// Holds what intake needs of a loaded model.
struct LoadedModel {
  std::shared_ptr<const CostModel> costs;
  std::function<MemoryBudget()> available;  // what a device and the host have for a video now
  std::shared_ptr<const LoraCatalog> loras;
  std::string sha256;      // of the model's files
  std::string arithmetic;  // the type that it computes in: another one makes other bytes
  int workers = 1;         // the workers that share the queue
};

// Says what a request would take.
struct JobEstimate {
  PlannedVideo planned;
  absl::Duration queue_wait;  // predicted, until the work would begin
};

// A picture that was uploaded.
struct KeptImage {
  std::string sha256;
  int64_t size_bytes = 0;
  PixelSize size;
  absl::Time expire_time;
};

class JobIntake {
 public:
  // Everything that the parts point to must outlive the intake.
  struct Parts {
    RequestLimits limits;
    std::string build;  // the server's version: other builds make other bytes
    const ImageDecoder* decoder = nullptr;
    JobStore* jobs = nullptr;
    ArtifactStore* artifacts = nullptr;
    std::vector<JobObserver*> observers;  // are told of refusals
    std::function<uint64_t()> draw_seed;
    std::function<std::string()> draw_id;
  };
  explicit JobIntake(Parts parts) : parts_(std::move(parts)) {}

  // The model is loaded: requests are taken from now on. What `model` calls must outlive the intake's last call.
  void SetReady(LoadedModel model);

  // Requests are refused with `why` from now on.
  void Refuse(absl::Status why);

  // Returns UNAVAILABLE with reason MODEL_LOADING and a retry delay until SetReady, and after Refuse the status that it
  // was given.
  absl::Status Ready() const;

  // Creates a job, or finds the one that the same request_id has made. Errors: those of Ready, of Validate and of
  // JobStore::Create; FAILED_PRECONDITION VRAM_BUDGET or HOST_MEMORY; DEADLINE_EXCEEDED DEADLINE_UNREACHABLE: the
  // execution timeout is shorter than the work; RESOURCE_EXHAUSTED DISK_FULL; the status of `token`, which is polled
  // meanwhile. Blocks for the decoding of the pictures and on the disk.
  absl::StatusOr<CreatedJob> Create(JobRequest request, const CancellationToken& token);

  // Returns the plan of the job that Create would make, without making it. Errors: those of Create.
  absl::StatusOr<PlannedVideo> Check(JobRequest request, const CancellationToken& token);

  // Returns what a job for `request` would take on this server now, or on a device that has `budget_bytes` for it.
  // Errors: those of Ready and Validate, and of `token`. Wrong fields are the same as those of Create, in the same
  // order. Blocks for the decoding of the pictures.
  absl::StatusOr<JobEstimate> EstimateFor(JobRequest request, std::optional<int64_t> budget_bytes,
                                          const CancellationToken& token);

  // Keeps an encoded picture for later requests of the caller's tenant, also before the model is loaded.
  // INVALID_ARGUMENT INVALID_REQUEST or IMAGE_TOO_LARGE, with the field data: see ImageDecoder. RESOURCE_EXHAUSTED
  // DISK_FULL. What was given to Refuse. The status of `token`, which is polled before and after the decoding. Blocks
  // for the decoding and on the disk.
  absl::StatusOr<KeptImage> KeepImage(const CallContext& caller, const std::string& bytes,
                                      const CancellationToken& token);

  // Tells the observers of a call that was refused: one that never got here, or an upload.
  void CountRefusal(const CallContext& caller, const absl::Status& why) const;

  // Blocks on the disk. The errors of Ready.
  absl::StatusOr<std::vector<std::string>> LoraNames() const;

  // Checks the LoRA `name`, and lets requests name it again if it was unloaded. Errors: those of Ready;
  // NOT_FOUND: there is none of that name; INVALID_ARGUMENT, field name: it cannot be laid over the model. Blocks on
  // the disk, for as long as the file takes to be read.
  absl::StatusOr<LoraFacts> LoadLora(const std::string& name);

  // Lets no further request name the LoRA `name`; jobs that were accepted keep it. Errors: those of Ready; NOT_FOUND:
  // there is none of that name. Blocks on the disk.
  absl::Status UnloadLora(const std::string& name);

  // Returns OK when some video can be made with `bytes` of a device's memory. Errors: those of Ready;
  // FAILED_PRECONDITION VRAM_BUDGET: not even the smallest can.
  absl::Status CheckBudget(int64_t bytes) const;

  // Returns what a device and the host have for a video now; nullopt until SetReady.
  std::optional<MemoryBudget> available() const;

  // Returns the limits of requests: those of the loaded model, once there is one.
  RequestLimits limits() const;

 private:
  // Holds what a request to the loaded model is checked with.
  struct Model {
    Planner planner;
    LoadedModel loaded;
    RequestLimits limits;
    std::shared_ptr<LoraShelf> loras;  // those of `loaded`, as requests may name them
  };
  absl::Status refusal() const;
  std::shared_ptr<const Model> model_if_any() const;
  absl::StatusOr<std::shared_ptr<const Model>> model() const;
  absl::StatusOr<CreatedJob> TryCreate(JobRequest request, const CancellationToken& token);
  absl::StatusOr<PlannedVideo> PlanJob(JobRequest& request, const Model& model, const CancellationToken& token);
  absl::StatusOr<PlannedVideo> TryPlan(JobRequest& request, const Model& model,
                                       const std::optional<int64_t>& budget_bytes, const CancellationToken& token);
  void ResolveUploads(const std::string& field, const std::string& tenant, std::vector<PictureSource>& pictures,
                      GenerationRequest& request) const;
  absl::StatusOr<std::string> ReadUpload(const std::string& name, const std::string& tenant) const;
  absl::Status KeepPictures(const PlannedVideo& planned);
  absl::StatusOr<CreatedJob> Known(JobRecord record, bool cancel_on_disconnect);
  absl::StatusOr<CreatedJob> Store(JobRequest request, PlannedVideo planned, const Model& model);
  absl::StatusOr<std::optional<JobCompleted>> Reuse(const NewJob& job, const LoadedModel& model);

  const Parts parts_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const Model> model_ ABSL_GUARDED_BY(mutex_);
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
