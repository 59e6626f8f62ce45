#include "server/service/job_intake.h"

#include <utility>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/request/validate.h"

namespace ruyi {
namespace {

constexpr absl::Duration kLoadingRetryDelay = absl::Seconds(10);

absl::Status ModelLoading() {
  return WithErrorInfo(absl::UnavailableError("the model is being loaded; send the request again later"),
                       {.reason = std::string(reason::kModelLoading), .retry_delay = kLoadingRetryDelay});
}

}  // namespace

void JobIntake::SetReady(const LatentGeometry& geometry, std::shared_ptr<const LoraCatalog> loras) {
  absl::MutexLock lock(&mutex_);
  model_ = std::make_shared<const Model>(
      Model{.planner = Planner(geometry, parts_.limits, parts_.draw_seed), .loras = std::move(loras)});
}

absl::Status JobIntake::Ready() const {
  return model() != nullptr ? absl::OkStatus() : ModelLoading();
}

std::shared_ptr<const JobIntake::Model> JobIntake::model() const {
  absl::MutexLock lock(&mutex_);
  return model_;
}

absl::StatusOr<std::shared_ptr<Job>> JobIntake::Accept(const GenerationRequest& request, absl::Time deadline,
                                                       std::shared_ptr<JobEventSink> events) const {
  const std::shared_ptr<const Model> current = model();
  if (current == nullptr)
    return ModelLoading();
  RUYI_ASSIGN_OR_RETURN(ValidatedRequest valid, Validate(request, parts_.limits, *parts_.decoder, *current->loras));
  RUYI_ASSIGN_OR_RETURN(GenerationPlan plan, current->planner.Plan(std::move(valid)));
  const std::string id = parts_.draw_id();
  return std::make_shared<Job>(
      Job{.id = id,
          .plan = std::move(plan),
          .accepted_at = parts_.clock->Now(),
          .cancellation = CancellationSource(deadline, *parts_.clock),
          .events = std::make_shared<ObservedEvents>(id, parts_.observers, std::move(events))});
}

void JobIntake::Queue(const std::shared_ptr<Job>& job) const {
  job->events->OnEvent(JobAccepted{}).IgnoreError();  // a reader that has gone cancels the job itself
  if (absl::Status status = parts_.queue->Push(job); !status.ok())
    job->events->OnEvent(JobFailed{std::move(status)}).IgnoreError();
}

}  // namespace ruyi
