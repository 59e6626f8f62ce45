#include "client/admin_text.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/choices.h"
#include "client/event_text.h"
#include "client/seconds.h"
#include "client/text_table.h"
#include "client/video_text.h"

namespace ruyi::client {
namespace {

std::string StateText(v1::ServerState state) {
  switch (state) {
    case v1::SERVER_STATE_LOADING:
      return "loading the model";
    case v1::SERVER_STATE_SERVING:
      return "serving";
    case v1::SERVER_STATE_DRAINING:
      return "draining";
    case v1::SERVER_STATE_FAILED:
      return "failed: a device broke, and the server ends";
    default:
      return absl::StrFormat("state %d", static_cast<int>(state));
  }
}

std::string HealthText(const v1::StoreHealth& health) {
  return health.reachable() ? "reachable" : absl::StrCat("AWAY: ", health.message());
}

// Returns what a worker does: "denoising 3/25, 1:03 predicted".
std::string WorkOf(const v1::AdminJob& job) {
  return absl::StrFormat("%s, %s predicted", WorkText(job.video()),
                         DurationTextOf(job.video().plan().predicted_time()));
}

TableRow RowOf(const v1::WorkerStatus& worker) {
  return {worker.worker(),
          worker.device(),
          worker.has_budget_mib() ? absl::StrFormat("%d MiB", worker.budget_mib()) : "what is free",
          absl::StrFormat("%d MiB", worker.available_mib()),
          worker.has_mode() ? ModeText(worker.mode()) : "not on the device",
          worker.has_job() ? worker.job().video().name() : "",
          worker.has_job() ? worker.job().tenant() : "",
          worker.has_job() ? WorkOf(worker.job()) : ""};
}

TableRow RowOf(const v1::AdminJob& job) {
  const v1::Video& video = job.video();
  return {video.name(),         NameOfState(video.state()),       job.tenant(),       job.principal(),
          job.worker(),         NameOfPriority(video.priority()), CreatedText(video), WorkText(video),
          video.plan().reason()};
}

TableRow RowOf(const v1::TenantStatus& tenant) {
  return {tenant.tenant(),
          absl::StrCat(tenant.waiting()),
          absl::StrCat(tenant.running()),
          DurationTextOf(tenant.waiting_work()),
          tenant.has_turn() ? absl::StrCat(tenant.turn()) : "",
          tenant.has_device_seconds_a_day()
              ? absl::StrFormat("%s of %s", DurationText(absl::Seconds(tenant.device_seconds_used())),
                                DurationText(absl::Seconds(tenant.device_seconds_a_day())))
              : "not limited"};
}

}  // namespace

std::string QueueStatusText(const v1::QueueStatus& queue) {
  return absl::StrFormat("%d wait and %d are being made; %d may wait; about %s of work%s\n", queue.waiting(),
                         queue.running(), queue.capacity(), DurationTextOf(queue.predicted_work()),
                         queue.paused() ? "; PAUSED" : "");
}

std::string WorkerTable(const google::protobuf::RepeatedPtrField<v1::WorkerStatus>& workers) {
  std::vector<TableRow> rows = {{"WORKER", "DEVICE", "BUDGET", "AVAILABLE", "MEMORY MODE", "JOB", "TENANT", "WORK"}};
  for (const v1::WorkerStatus& worker : workers)
    rows.push_back(RowOf(worker));
  return TableText(rows);
}

std::string ServerStatusText(const v1::ServerStatus& status) {
  std::string text;
  const auto add = [&text](std::string_view name, const std::string& value) {
    absl::StrAppendFormat(&text, "%-10s%s\n", name, value);
  };
  add("server", absl::StrFormat("%s; version %s, for %s", StateText(status.state()), status.version(),
                                DurationTextOf(status.uptime())));
  add("model", status.model());
  add("jobs", HealthText(status.jobs()));
  add("artifacts", absl::StrFormat("%s; %d bytes", HealthText(status.artifacts()), status.artifacts().used_bytes()));
  if (status.has_queue())
    absl::StrAppendFormat(&text, "%-10s%s", "queue", QueueStatusText(status.queue()));
  if (!status.workers().empty())
    absl::StrAppend(&text, "\n", WorkerTable(status.workers()));
  if (!status.tenants().empty())
    absl::StrAppend(&text, "\n", TenantTable(status.tenants(), status.tenants_left_out()));
  return text;
}

std::string TenantTable(const google::protobuf::RepeatedPtrField<v1::TenantStatus>& tenants, int left_out) {
  std::vector<TableRow> rows = {{"TENANT", "WAITING", "RUNNING", "WAITING WORK", "TURN", "DEVICE TIME TODAY"}};
  for (const v1::TenantStatus& tenant : tenants)
    rows.push_back(RowOf(tenant));
  const std::string text = TableText(rows);
  return left_out == 0 ? text : absl::StrFormat("%s%d more have jobs, and less work that waits\n", text, left_out);
}

std::string JobTable(const std::vector<v1::AdminJob>& jobs) {
  std::vector<TableRow> rows = {
      {"NAME", "STATE", "TENANT", "CALLER", "WORKER", "PRIORITY", "CREATED (UTC)", "WORK", "PLACED BECAUSE"}};
  for (const v1::AdminJob& job : jobs)
    rows.push_back(RowOf(job));
  return TableText(rows);
}

std::string DrainText(const v1::DrainResponse& drain) {
  std::string text = absl::StrFormat("the server drains: no new jobs; what is being made may go on for %s at most",
                                     DurationTextOf(drain.timeout()));
  if (drain.has_waiting())
    absl::StrAppendFormat(&text, "; %d wait for its next start or another server", drain.waiting());
  absl::StrAppend(&text, "\n");
  return drain.working().empty() ? text : absl::StrCat(text, WorkerTable(drain.working()));
}

}  // namespace ruyi::client
