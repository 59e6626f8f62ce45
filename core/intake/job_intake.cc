#include "core/intake/job_intake.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "core/base/duration_text.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/digest/sha256.h"
#include "core/intake/check_ticket.h"
#include "core/intake/upload_receipt.h"
#include "core/job/job_json.h"
#include "core/plan/admission.h"
#include "core/plan/smallest_video.h"
#include "core/request/validate.h"

namespace ruyi {
namespace {

constexpr absl::Duration kLoadingRetryDelay = absl::Seconds(10);

absl::Status ModelLoading() {
  return WithErrorInfo(absl::UnavailableError("the model is being loaded; send the request again later"),
                       {.reason = std::string(reason::kModelLoading), .retry_delay = kLoadingRetryDelay});
}

absl::Status Unreachable(absl::Duration timeout, absl::Duration work) {
  return ErrorWithReason(
      absl::StatusCode::kDeadlineExceeded,
      absl::StrFormat("execution_timeout is %s, and the fastest memory mode that fits is predicted to take %s; allow "
                      "more time, or ask for fewer frames or steps",
                      DurationText(timeout), DurationText(work)),
      reason::kDeadlineUnreachable);
}

// Checks that the job would fit into memory and time, as far as that is known now.
absl::Status CheckAdmission(const PlannedVideo& planned) {
  if (!planned.admission.chosen.has_value())
    return NothingFits(planned.admission);
  const absl::Duration work = absl::Seconds(planned.admission.modes[*planned.admission.chosen].prediction.seconds());
  return work > planned.spec.execution_timeout ? Unreachable(planned.spec.execution_timeout, work) : absl::OkStatus();
}

// Returns the refusal of an upload that cannot be decoded, because of `why`.
absl::Status NoPicture(const absl::Status& why) {
  const absl::Status status = InvalidFields({{"data", std::string(why.message())}});
  const std::string reason = GetErrorInfo(why).reason;
  return reason.empty() ? status : WithErrorInfo(status, {.reason = reason});
}

absl::Status NoSuchLora(const absl::Status& why) {
  return ErrorWithReason(absl::StatusCode::kNotFound, {why.message().data(), why.message().size()}, reason::kNotFound);
}

absl::Status NoVideoFits(int64_t bytes, int64_t least) {
  return WithErrorInfo(
      absl::FailedPreconditionError(absl::StrFormat("no video fits a budget of %d MiB: the smallest one takes %d MiB "
                                                    "here; give at least that",
                                                    MibOf(bytes), MibOf(least))),
      {.reason = std::string(reason::kVramBudget), .metadata = {{"least_mib", absl::StrCat(MibOf(least))}}});
}

std::string PixelBytes(const RgbImage& picture) {
  return std::string(picture.pixels.begin(), picture.pixels.end());
}

// Videos with equal keys have equal bytes, if they were made as this server makes them, and one tenant.
std::string ReuseKeyOf(const VideoSpec& spec, const LoadedModel& model, const std::string& build,
                       const std::string& tenant) {
  const std::string of_bytes =
      Sha256Hex(absl::StrCat(CanonicalJson(spec), "\n", model.sha256, "\n", model.arithmetic, "\n", build));
  return tenant == kDefaultTenant ? of_bytes : Sha256Hex(absl::StrCat(of_bytes, "\n", tenant));
}

// Returns false for a video that waited while the server was started with another model, version or arithmetic.
bool IsMadeBy(const LoadedModel& model, const std::string& build, const Provenance& provenance) {
  return std::tie(provenance.model_sha256, provenance.arithmetic, provenance.build) ==
         std::tie(model.sha256, model.arithmetic, build);
}

}  // namespace

void JobIntake::SetReady(LoadedModel model) {
  RequestLimits limits = parts_.limits;
  limits.max_resident_blocks = model.costs->facts().blocks;
  limits.max_resident_states = model.costs->facts().states;
  Planner planner({.draw_seed = parts_.draw_seed, .costs = model.costs, .available = model.available});
  auto loras = std::make_shared<LoraShelf>(model.loras);
  absl::MutexLock lock(&mutex_);
  model_ = std::make_shared<const Model>(Model{.planner = std::move(planner),
                                               .loaded = std::move(model),
                                               .limits = std::move(limits),
                                               .loras = std::move(loras)});
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

RequestLimits JobIntake::limits() const {
  const std::shared_ptr<const Model> current = model_if_any();
  return current == nullptr ? parts_.limits : current->limits;
}

std::optional<MemoryBudget> JobIntake::available() const {
  const std::shared_ptr<const Model> current = model_if_any();
  return current == nullptr ? std::nullopt : std::optional(current->loaded.available());
}

absl::StatusOr<std::vector<std::string>> JobIntake::LoraNames() const {
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const Model> current, model());
  return current->loras->Names();
}

absl::StatusOr<LoraFacts> JobIntake::LoadLora(const std::string& name) {
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const Model> current, model());
  absl::StatusOr<LoraFacts> facts = current->loras->PutBack(name);
  if (absl::IsNotFound(facts.status()))
    return NoSuchLora(facts.status());
  if (!facts.ok())
    return InvalidFields({{"name", std::string(facts.status().message())}});
  return facts;
}

absl::Status JobIntake::UnloadLora(const std::string& name) {
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const Model> current, model());
  const absl::Status status = current->loras->TakeOff(name);
  return status.ok() ? status : NoSuchLora(status);
}

absl::Status JobIntake::CheckBudget(int64_t bytes) const {
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const Model> current, model());
  const int64_t least = LeastDeviceBytes(*current->loaded.costs, current->limits);
  return bytes >= least ? absl::OkStatus() : NoVideoFits(bytes, least);
}

void JobIntake::CountRefusal(const CallContext& caller, const absl::Status& why) const {
  for (JobObserver* observer : parts_.observers)
    observer->OnRefused(caller, why);
}

absl::StatusOr<CreatedJob> JobIntake::Create(JobRequest request, const CancellationToken& token) {
  const CallContext caller = request.caller;
  absl::StatusOr<CreatedJob> created = TryCreate(std::move(request), token);
  if (!created.ok())
    CountRefusal(caller, created.status());
  return created;
}

absl::StatusOr<CreatedJob> JobIntake::TryCreate(JobRequest request, const CancellationToken& token) {
  RUYI_ASSIGN_OR_RETURN(
      std::optional<JobRecord> known,
      parts_.jobs->FindByRequestId(request.caller.tenant, request.request_id, request.payload_digest));
  if (known.has_value())
    return Known(*std::move(known), request.cancel_on_disconnect);
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const Model> current, model());
  RUYI_RETURN_IF_ERROR(parts_.jobs->CheckQuota(request.caller.tenant));  // before the pictures, which cost most
  RUYI_ASSIGN_OR_RETURN(PlannedVideo planned, PlanJob(request, *current, token));
  RUYI_RETURN_IF_ERROR(token.Check());
  RUYI_RETURN_IF_ERROR(KeepPictures(planned));
  return Store(std::move(request), std::move(planned), *current);
}

// A job is its caller's for good once it was created by a call that it does not end with.
absl::StatusOr<CreatedJob> JobIntake::Known(JobRecord record, bool cancel_on_disconnect) {
  if (record.ticket.cancel_on_disconnect && !cancel_on_disconnect) {
    RUYI_RETURN_IF_ERROR(parts_.jobs->Detach(record.ticket.id));
    record.ticket.cancel_on_disconnect = false;
  }
  return CreatedJob{.record = std::move(record), .is_new = false};
}

absl::StatusOr<PlannedVideo> JobIntake::Check(JobRequest request, const CancellationToken& token) {
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const Model> current, model());
  return PlanJob(request, *current, token);
}

absl::StatusOr<PlannedVideo> JobIntake::PlanJob(JobRequest& request, const Model& model,
                                                const CancellationToken& token) {
  RUYI_ASSIGN_OR_RETURN(PlannedVideo planned, TryPlan(request, model, std::nullopt, token));
  RUYI_RETURN_IF_ERROR(CheckAdmission(planned));
  return planned;
}

absl::StatusOr<JobEstimate> JobIntake::EstimateFor(JobRequest request, std::optional<int64_t> budget_bytes,
                                                   const CancellationToken& token) {
  RUYI_ASSIGN_OR_RETURN(const std::shared_ptr<const Model> current, model());
  RUYI_ASSIGN_OR_RETURN(PlannedVideo planned, TryPlan(request, *current, budget_bytes, token));
  RUYI_ASSIGN_OR_RETURN(const JobQueued place, parts_.jobs->PlaceOfNew(request.caller.tenant));
  return JobEstimate{.planned = std::move(planned),
                     .queue_wait = place.expected_wait.value_or(absl::ZeroDuration()) / current->loaded.workers};
}

// Takes the generation out of `request`.
absl::StatusOr<PlannedVideo> JobIntake::TryPlan(JobRequest& request, const Model& model,
                                                const std::optional<int64_t>& budget_bytes,
                                                const CancellationToken& token) {
  std::vector<FieldViolation> of_ticket = CheckTicket(request);
  GenerationRequest generation = std::move(request.generation);
  std::move(of_ticket.begin(), of_ticket.end(), std::back_inserter(generation.unreadable));
  ResolveUploads("start_images", request.caller.tenant, generation.start_images, generation);
  ResolveUploads("end_images", request.caller.tenant, generation.end_images, generation);
  RUYI_ASSIGN_OR_RETURN(ValidatedRequest valid,
                        Validate(generation, model.limits, *parts_.decoder, *model.loras, token));
  return model.planner.Plan(std::move(valid), budget_bytes);
}

// Puts the bytes of uploads in the place of their names. Lists that are too long are refused without a look.
void JobIntake::ResolveUploads(const std::string& field, const std::string& tenant,
                               std::vector<PictureSource>& pictures, GenerationRequest& request) const {
  const int most = std::max(parts_.limits.max_start_images, parts_.limits.max_end_images);
  if (static_cast<int>(pictures.size()) > most)
    return;
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (pictures[i].upload.empty())
      continue;
    absl::StatusOr<std::string> bytes = ReadUpload(pictures[i].upload, tenant);
    if (bytes.ok())
      pictures[i].data = *std::move(bytes);
    else
      request.unreadable.push_back({absl::StrFormat("%s[%d]", field, i),
                                    "names no upload that is kept; upload the picture again, or send its bytes"});
  }
}

// The receipt is looked for first: whether others have sent the same bytes shows nowhere.
absl::StatusOr<std::string> JobIntake::ReadUpload(const std::string& name, const std::string& tenant) const {
  absl::string_view sha256 = name;
  if (!absl::ConsumePrefix(&sha256, kUploadPrefix))
    return absl::NotFoundError("the name has another form");
  RUYI_RETURN_IF_ERROR(parts_.artifacts->StatBlob(Sha256Hex(UploadReceipt(tenant, std::string(sha256)))).status());
  return parts_.artifacts->ReadBlob(std::string(sha256));
}

absl::Status JobIntake::KeepPictures(const PlannedVideo& planned) {
  for (const RgbImage& picture : planned.pictures)
    RUYI_RETURN_IF_ERROR(parts_.artifacts->PutBlob(PixelBytes(picture)).status());
  return absl::OkStatus();
}

absl::StatusOr<CreatedJob> JobIntake::Store(JobRequest request, PlannedVideo planned, const Model& model) {
  NewJob job = {.ticket = {.id = parts_.draw_id(),
                           .request_id = std::move(request.request_id),
                           .request_digest = std::move(request.payload_digest),
                           .reuse_key = ReuseKeyOf(planned.spec, model.loaded, parts_.build, request.caller.tenant),
                           .labels = std::move(request.labels),
                           .priority = request.priority,
                           .cancel_on_disconnect = request.cancel_on_disconnect,
                           .tenant = std::move(request.caller.tenant),
                           .principal = std::move(request.caller.principal),
                           .call_id = std::move(request.caller.call_id),
                           .traceparent = std::move(request.caller.traceparent)},
                .spec = std::move(planned.spec),
                .advice = PlacementOf(planned.admission)};
  if (request.prefers_reuse) {
    RUYI_ASSIGN_OR_RETURN(job.completed, Reuse(job, model.loaded));
  }
  const std::string id = job.ticket.id;
  const bool has_result = job.completed.has_value();
  absl::StatusOr<CreatedJob> created = parts_.jobs->Create(std::move(job));
  if (has_result && (!created.ok() || !created->is_new))
    parts_.artifacts->DeleteResult(id).IgnoreError();  // the next start finds what was left
  if (created.ok() && !created->is_new)
    return Known(std::move(created->record), request.cancel_on_disconnect);
  return created;
}

// The end of an equal job, with its bytes as those of `job` too; nullopt when there is none.
absl::StatusOr<std::optional<JobCompleted>> JobIntake::Reuse(const NewJob& job, const LoadedModel& model) {
  RUYI_ASSIGN_OR_RETURN(const std::optional<JobRecord> equal, parts_.jobs->FindReusable(job.ticket.reuse_key));
  if (!equal.has_value() || !IsMadeBy(model, parts_.build, equal->result->provenance))
    return std::nullopt;
  const absl::StatusOr<FileDigest> shared = parts_.artifacts->ShareResult(equal->ticket.id, job.ticket.id);
  if (absl::IsNotFound(shared.status()) || absl::IsDataLoss(shared.status()))
    return std::nullopt;  // it is made anew
  RUYI_RETURN_IF_ERROR(shared.status());
  JobCompleted completed = {.result = *equal->result, .usage = {}};
  completed.result.reused_from = equal->ticket.id;
  return completed;
}

absl::Status JobIntake::refusal() const {
  absl::MutexLock lock(&mutex_);
  return refusal_;
}

absl::StatusOr<KeptImage> JobIntake::KeepImage(const CallContext& caller, const std::string& bytes,
                                               const CancellationToken& token) {
  RUYI_RETURN_IF_ERROR(refusal());
  RUYI_RETURN_IF_ERROR(token.Check());
  RUYI_RETURN_IF_ERROR(parts_.jobs->ChargeUpload(caller.tenant, static_cast<int64_t>(bytes.size())));
  const absl::StatusOr<RgbImage> image = parts_.decoder->Decode(bytes, parts_.limits.image);
  if (!image.ok())
    return NoPicture(image.status());
  RUYI_RETURN_IF_ERROR(token.Check());
  RUYI_ASSIGN_OR_RETURN(const std::string sha256, parts_.artifacts->PutBlob(bytes));
  RUYI_RETURN_IF_ERROR(parts_.artifacts->PutBlob(UploadReceipt(caller.tenant, sha256)).status());
  RUYI_ASSIGN_OR_RETURN(const BlobState state, parts_.artifacts->StatBlob(sha256));
  return KeptImage{.sha256 = sha256,
                   .size_bytes = state.size_bytes,
                   .size = {.width = image->width, .height = image->height},
                   .expire_time = state.expire_time};
}

}  // namespace ruyi
