#include "server/admin/administration.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/duration_text.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/job/job_fields.h"
#include "core/plan/prediction.h"

namespace ruyi {
namespace {

// Of no bytes: a blob that nobody keeps, so that a store that answers says that there is none.
constexpr char kNoBlob[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

absl::Status ModelLoading() {
  constexpr absl::Duration kRetryDelay = absl::Seconds(10);
  return WithErrorInfo(
      absl::UnavailableError("the model is being loaded, which nothing can interrupt; try again later, "
                             "or send the process SIGTERM, which ends it at once"),
      {.reason = std::string(reason::kModelLoading), .retry_delay = kRetryDelay});
}

absl::Status CancelledByAdmin(const std::string& reason) {
  return ErrorWithReason(absl::StatusCode::kCancelled, absl::StrCat("an administrator cancelled the video: ", reason),
                         reason::kCancelledByAdmin);
}

absl::Status CheckReason(const std::string& reason) {
  if (reason.empty())
    return InvalidFields({{"reason", "is missing; say why, for the video's owner reads it"}});
  if (reason.size() > kMostReasonBytes) {
    return InvalidFields(
        {{"reason", absl::StrFormat("has %d bytes; say it in at most %d", reason.size(), kMostReasonBytes)}});
  }
  return absl::OkStatus();
}

absl::Status NoSuchDevice(const std::string& device, const std::vector<WorkerStatus>& workers) {
  const std::string names =
      absl::StrJoin(workers, ", ", [](std::string* out, const WorkerStatus& worker) { out->append(worker.device); });
  return ErrorWithReason(absl::StatusCode::kNotFound,
                         absl::StrFormat("no worker computes on '%s'; use one of %s", device, names),
                         reason::kNotFound);
}

}  // namespace

absl::Status Administration::Told(const AdminCaller& caller, std::string action, Details details,
                                  const absl::Status& result) const {
  parts_.on_change({.by = caller, .action = std::move(action), .details = std::move(details), .result = result});
  return result;
}

std::vector<WorkerView> Administration::Workers() const {
  std::vector<WorkerView> views;
  for (WorkerStatus& worker : parts_.workers()) {
    std::optional<JobRecord> job;
    if (worker.job_id.has_value()) {
      absl::StatusOr<JobRecord> record = parts_.jobs->Get(*worker.job_id);
      if (record.ok())
        job = *std::move(record);
    }
    views.push_back({.worker = std::move(worker), .job = std::move(job)});
  }
  return views;
}

absl::StatusOr<TenantLoads> Administration::Loads(int most_tenants) const {
  if (most_tenants > 0)
    return parts_.jobs->Loads(most_tenants);
  RUYI_ASSIGN_OR_RETURN(const JobCounts counts, parts_.jobs->Counts());
  return TenantLoads{.tenants = {}, .left_out = 0, .counts = counts};
}

ServerStatus Administration::Status(int most_tenants) const {
  ServerStatus status = {.build = parts_.build,
                         .model = parts_.model,
                         .state = parts_.state(),
                         .uptime = parts_.clock->Elapsed() - start_,
                         .workers = Workers(),
                         .queue = std::nullopt,
                         .queue_capacity = parts_.queue_capacity};
  absl::StatusOr<TenantLoads> loads = Loads(most_tenants);
  status.job_store = loads.status();
  if (loads.ok()) {
    status.queue = loads->counts;
    status.tenants = *std::move(loads);
  }
  const absl::Status blob = parts_.artifacts->StatBlob(kNoBlob).status();
  status.artifact_store = absl::IsNotFound(blob) ? absl::OkStatus() : blob;
  status.artifact_bytes = parts_.artifacts->UsedBytes().value_or(0);
  return status;
}

absl::StatusOr<DrainReport> Administration::Drain(const AdminCaller& caller, std::optional<absl::Duration> timeout) {
  const absl::Duration patience = timeout.value_or(parts_.drain_timeout);
  absl::StatusOr<DrainReport> report = TryDrain(patience);
  RUYI_RETURN_IF_ERROR(Told(caller, "drain", {{"timeout", absl::FormatDuration(patience)}}, report.status()));
  return report;
}

absl::StatusOr<DrainReport> Administration::TryDrain(absl::Duration timeout) {
  if (timeout < absl::ZeroDuration() || timeout > kLongestDrain) {
    return InvalidFields({{"timeout", absl::StrFormat("%g s is out of range; use 0 s to %s",
                                                      absl::ToDoubleSeconds(timeout), DurationText(kLongestDrain))}});
  }
  if (parts_.state() == ServerState::kLoading)
    return ModelLoading();
  parts_.drain(timeout);
  DrainReport report = {.timeout = timeout, .working = Workers(), .waiting = std::nullopt};
  std::erase_if(report.working, [](const WorkerView& view) { return !view.worker.job_id.has_value(); });
  if (const absl::StatusOr<JobCounts> counts = parts_.jobs->Counts(); counts.ok())
    report.waiting = counts->waiting;
  return report;
}

absl::StatusOr<JobCounts> Administration::SetPaused(const AdminCaller& caller, bool paused) {
  RUYI_RETURN_IF_ERROR(Told(caller, paused ? "pause_queue" : "resume_queue", {}, parts_.jobs->SetPaused(paused)));
  return parts_.jobs->Counts();
}

absl::StatusOr<std::vector<WorkerStatus>> Administration::SetVramBudget(const AdminCaller& caller,
                                                                        const std::string& device,
                                                                        std::optional<int64_t> mib) {
  absl::StatusOr<std::vector<WorkerStatus>> workers = TrySetVramBudget(device, mib);
  const Details details = {{"device", device.empty() ? "all" : device},
                           {"mib", mib.has_value() ? absl::StrCat(*mib) : "free"}};
  RUYI_RETURN_IF_ERROR(Told(caller, "set_vram_budget", details, workers.status()));
  return workers;
}

absl::StatusOr<std::vector<WorkerStatus>> Administration::TrySetVramBudget(const std::string& device,
                                                                           std::optional<int64_t> mib) {
  if (mib.has_value() && (*mib < 1 || *mib > kMostBudgetMib)) {
    return InvalidFields({{"mib", absl::StrFormat("%d is out of range; use 1 to %d, or leave it out for what is free",
                                                  *mib, kMostBudgetMib)}});
  }
  RUYI_RETURN_IF_ERROR(parts_.intake->Ready());
  const auto is_meant = [&](const WorkerStatus& worker) { return device.empty() || worker.device == device; };
  const std::vector<WorkerStatus> before = parts_.workers();
  if (std::none_of(before.begin(), before.end(), is_meant))
    return NoSuchDevice(device, before);
  const std::optional<int64_t> bytes = mib.has_value() ? std::optional(BytesOfMib(*mib)) : std::nullopt;
  if (bytes.has_value())
    RUYI_RETURN_IF_ERROR(parts_.intake->CheckBudget(*bytes));
  for (const WorkerStatus& worker : before) {
    if (is_meant(worker))
      RUYI_RETURN_IF_ERROR(parts_.set_budget(worker.name, bytes));
  }
  std::vector<WorkerStatus> after = parts_.workers();
  std::erase_if(after, [&](const WorkerStatus& worker) { return !is_meant(worker); });
  return after;
}

absl::StatusOr<JobRecord> Administration::SetPriority(const AdminCaller& caller, const std::string& id,
                                                      Priority priority) {
  absl::StatusOr<JobRecord> job = parts_.jobs->SetPriority(id, priority);
  RUYI_RETURN_IF_ERROR(Told(caller, "set_job_priority", {{"job", id}, {"priority", WordOf(priority)}}, job.status()));
  return job;
}

absl::StatusOr<JobPage> Administration::ListJobs(const JobFilter& filter, int page_size,
                                                 const std::string& page_token) const {
  return parts_.jobs->List(filter, page_size, page_token);
}

absl::StatusOr<JobRecord> Administration::CancelJob(const AdminCaller& caller, const std::string& id,
                                                    const std::string& reason) {
  const absl::Status checked = CheckReason(reason);
  absl::StatusOr<JobRecord> job =
      checked.ok() ? parts_.jobs->Cancel(id, CancelledByAdmin(reason)) : absl::StatusOr<JobRecord>(checked);
  RUYI_RETURN_IF_ERROR(
      Told(caller, "cancel_job", {{"job", id}, {"reason", reason.substr(0, kMostReasonBytes)}}, job.status()));
  return job;
}

absl::StatusOr<LoraFacts> Administration::LoadLora(const AdminCaller& caller, const std::string& name) {
  absl::StatusOr<LoraFacts> facts = parts_.intake->LoadLora(name);
  RUYI_RETURN_IF_ERROR(Told(caller, "load_lora", {{"lora", name}}, facts.status()));
  return facts;
}

absl::Status Administration::UnloadLora(const AdminCaller& caller, const std::string& name) {
  return Told(caller, "unload_lora", {{"lora", name}}, parts_.intake->UnloadLora(name));
}

}  // namespace ruyi
