#include "server/page/page_json.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/error_info.h"
#include "core/job/job_fields.h"
#include "core/plan/prediction.h"

namespace ruyi {
namespace {

using nlohmann::json;

std::string Written(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

const char* TextOf(ServerState state) {
  switch (state) {
    case ServerState::kLoading:
      return "loading";
    case ServerState::kServing:
      return "serving";
    case ServerState::kDraining:
      return "draining";
    case ServerState::kFailed:
      break;
  }
  return "failed";
}

std::string MessageOf(const absl::Status& status) {
  return std::string(status.message());
}

json ToJson(const WorkerView& view) {
  const int64_t available = view.worker.available.device_bytes;
  json object = {{"name", view.worker.name}, {"device", view.worker.device}};
  if (view.worker.job_id.has_value())
    object["job"] = *view.worker.job_id;
  if (available < std::numeric_limits<int64_t>::max())
    object["available_mib"] = MibOf(available);
  if (view.worker.budget_bytes.has_value())
    object["budget_mib"] = MibOf(*view.worker.budget_bytes);
  return object;
}

json ToJson(const JobCounts& counts, int capacity) {
  return {{"waiting", counts.waiting},
          {"running", counts.running},
          {"paused", counts.paused},
          {"predicted_s", counts.predicted_seconds},
          {"capacity", capacity}};
}

json ToJson(const JobRecord& job) {
  const Prediction& prediction = job.placement.prediction;
  json object = {{"id", job.ticket.id},
                 {"state", WordOf(job.state)},
                 {"tenant", job.ticket.tenant},
                 {"labels", job.ticket.labels},
                 {"priority", WordOf(job.ticket.priority)},
                 {"create_time_s", absl::ToDoubleSeconds(job.create_time - absl::UnixEpoch())},
                 {"width", job.spec.size.width},
                 {"height", job.spec.size.height},
                 {"frames", job.spec.frame_count},
                 {"steps", job.spec.steps},
                 {"mode", NameOf(prediction.mode)},
                 {"predicted_mib", MibOf(prediction.peak_bytes())},
                 {"predicted_s", prediction.seconds()},
                 {"plan_reason", job.placement.reason},
                 {"has_previews", job.spec.preview.has_value()},
                 {"last_seq", job.last_seq},
                 {"error", MessageOf(job.error)}};
  if (job.progress.has_value()) {
    const Progress& progress = job.progress->progress;
    object["progress"] = {{"phase", WordOf(progress.phase)}, {"done", progress.done}, {"total", progress.total}};
  }
  return object;
}

}  // namespace

std::string ToPageJson(const ServerStatus& status) {
  json object = {{"state", TextOf(status.state)},
                 {"build", status.build},
                 {"model", status.model},
                 {"uptime_s", absl::ToDoubleSeconds(status.uptime)},
                 {"job_store", MessageOf(status.job_store)},
                 {"artifact_store", MessageOf(status.artifact_store)},
                 {"workers", json::array()}};
  if (status.queue.has_value())
    object["queue"] = ToJson(*status.queue, status.queue_capacity);
  for (const WorkerView& worker : status.workers)
    object["workers"].push_back(ToJson(worker));
  return Written(object);
}

std::string ToPageJson(const JobPage& page) {
  json object = {{"jobs", json::array()}, {"next_page_token", page.next_page_token}};
  for (const JobRecord& job : page.jobs)
    object["jobs"].push_back(ToJson(job));
  return Written(object);
}

std::string ErrorJson(const absl::Status& status) {
  const ErrorInfo info = GetErrorInfo(status);
  json object = {{"message", MessageOf(status)}, {"reason", info.reason}};
  if (info.retry_delay.has_value())
    object["retry_s"] = absl::ToDoubleSeconds(*info.retry_delay);
  return Written(object);
}

}  // namespace ruyi
