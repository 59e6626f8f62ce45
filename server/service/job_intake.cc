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

void JobIntake::SetReady(LoadedModel model) {
  Planner planner({.limits = parts_.limits,
                   .draw_seed = parts_.draw_seed,
                   .costs = model.costs,
                   .available_bytes = model.available_bytes});
  absl::MutexLock lock(&mutex_);
  model_ = std::make_shared<const Model>(Model{.planner = std::move(planner), .loaded = std::move(model)});
}

void JobIntake::Refuse(absl::Status why) {
  absl::MutexLock lock(&mutex_);
  refusal_ = std::move(why);
}

absl::Status JobIntake::Ready() const {
  return model().status();
}

std::shared_ptr<const JobIntake::Model> JobIntake::model_if_any() const {
  absl::MutexLock lock(&mutex_);
  return model_;
}

absl::StatusOr<std::shared_ptr<const JobIntake::Model>> JobIntake::model() const {
  absl::MutexLock lock(&mutex_);
  RUYI_RETURN_IF_ERROR(refusal_);
  if (model_ == nullptr)
    return ModelLoading();
  return model_;
}

std::optional<int64_t> JobIntake::available_bytes() const {
  const std::shared_ptr<const Model> current = model_if_any();
  return current == nullptr ? std::nullopt : std::optional(current->loaded.available_bytes());
}

absl::StatusOr<ValidatedRequest> JobIntake::Check(const GenerationRequest& request, const Model& model) const {
  return Validate(request, parts_.limits, *parts_.decoder, *model.loaded.loras);
}

absl::StatusOr<std::shared_ptr<Job>> JobIntake::Accept(const GenerationRequest& request, absl::Time deadline,
                                                       std::shared_ptr<JobEventSink> events) const {
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const Model> current, model());
  RUYI_ASSIGN_OR_RETURN(ValidatedRequest valid, Check(request, *current));
  RUYI_ASSIGN_OR_RETURN(GenerationPlan plan, current->planner.Plan(std::move(valid)));
  ObservedJob observed = {.id = parts_.draw_id(), .prediction = plan.prediction, .memory_reason = plan.memory_reason};
  return std::make_shared<Job>(
      Job{.id = observed.id,
          .plan = std::move(plan),
          .accepted_at = parts_.clock->Now(),
          .cancellation = CancellationSource(deadline, *parts_.clock),
          .events = std::make_shared<ObservedEvents>(std::move(observed), parts_.observers, std::move(events))});
}

absl::StatusOr<JobEstimate> JobIntake::EstimateFor(const GenerationRequest& request,
                                                   std::optional<int64_t> budget_bytes) const {
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const Model> current, model());
  RUYI_ASSIGN_OR_RETURN(ValidatedRequest valid, Check(request, *current));
  RUYI_ASSIGN_OR_RETURN(Estimate estimate, current->planner.EstimateFor(std::move(valid), budget_bytes));
  const absl::Duration work = absl::Seconds(parts_.queue->predicted_seconds());
  return JobEstimate{.estimate = std::move(estimate), .queue_wait = work / current->loaded.workers};
}

void JobIntake::Queue(const std::shared_ptr<Job>& job) const {
  job->events->OnEvent(JobAccepted{}).IgnoreError();  // a reader that has gone cancels the job itself
  const absl::Status pushed = parts_.queue->Push(job);
  if (pushed.ok())
    return;
  const absl::Status refusal = Ready();
  job->events->OnEvent(JobFailed{refusal.ok() ? pushed : refusal}).IgnoreError();
}

}  // namespace ruyi
