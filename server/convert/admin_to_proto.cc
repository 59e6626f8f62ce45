#include "server/convert/admin_to_proto.h"

#include "server/convert/memory_proto.h"
#include "server/convert/time_to_proto.h"
#include "server/convert/video_to_proto.h"

namespace ruyi {
namespace {

ruyi::v1::ServerState StateOf(ServerState state) {
  switch (state) {
    case ServerState::kLoading:
      return ruyi::v1::SERVER_STATE_LOADING;
    case ServerState::kServing:
      return ruyi::v1::SERVER_STATE_SERVING;
    case ServerState::kDraining:
      return ruyi::v1::SERVER_STATE_DRAINING;
    case ServerState::kFailed:
      break;
  }
  return ruyi::v1::SERVER_STATE_FAILED;
}

ruyi::v1::StoreHealth HealthOf(const absl::Status& status) {
  ruyi::v1::StoreHealth health;
  health.set_reachable(status.ok());
  health.set_message(std::string(status.message()));
  return health;
}

ruyi::v1::TenantStatus TenantStatusOf(const TenantLoad& load) {
  ruyi::v1::TenantStatus proto;
  proto.set_tenant(load.tenant);
  proto.set_waiting(load.waiting);
  proto.set_running(load.running);
  *proto.mutable_waiting_work() = ToProto(load.waiting_work);
  if (load.turn.has_value())
    proto.set_turn(*load.turn);
  if (load.device_seconds.has_value()) {
    proto.set_device_seconds_a_day(load.device_seconds->limit);
    proto.set_device_seconds_used(load.device_seconds->used);
  }
  return proto;
}

}  // namespace

ruyi::v1::AdminJob AdminJobOf(const JobRecord& record) {
  ruyi::v1::AdminJob job;
  *job.mutable_video() = ToProto(record);
  job.set_tenant(record.ticket.tenant);
  job.set_principal(record.ticket.principal);
  job.set_call_id(record.ticket.call_id);
  job.set_worker(record.worker);
  job.set_attempts(record.attempts);
  job.set_crashes(record.crashes);
  return job;
}

ruyi::v1::WorkerStatus ToProto(const WorkerStatus& worker) {
  ruyi::v1::WorkerStatus proto;
  proto.set_worker(worker.name);
  proto.set_device(worker.device);
  if (worker.budget_bytes.has_value())
    proto.set_budget_mib(MibOf(*worker.budget_bytes));
  proto.set_available_mib(MibOf(worker.available.device_bytes));
  proto.set_host_available_mib(MibOf(worker.available.host_bytes));
  if (worker.available.placed.mode.has_value())
    *proto.mutable_mode() = ToProto(*worker.available.placed.mode);
  return proto;
}

ruyi::v1::WorkerStatus ToProto(const WorkerView& view) {
  ruyi::v1::WorkerStatus proto = ToProto(view.worker);
  if (view.job.has_value())
    *proto.mutable_job() = AdminJobOf(*view.job);
  return proto;
}

ruyi::v1::QueueStatus ToProto(const JobCounts& counts, int capacity) {
  ruyi::v1::QueueStatus proto;
  proto.set_waiting(counts.waiting);
  proto.set_running(counts.running);
  proto.set_capacity(capacity);
  *proto.mutable_predicted_work() = ToProto(absl::Seconds(counts.predicted_seconds));
  proto.set_paused(counts.paused);
  return proto;
}

ruyi::v1::ServerStatus ToProto(const ServerStatus& status) {
  ruyi::v1::ServerStatus proto;
  proto.set_version(status.build);
  proto.set_model(status.model);
  proto.set_state(StateOf(status.state));
  *proto.mutable_uptime() = ToProto(status.uptime);
  for (const WorkerView& view : status.workers)
    *proto.add_workers() = ToProto(view);
  if (status.queue.has_value())
    *proto.mutable_queue() = ToProto(*status.queue, status.queue_capacity);
  *proto.mutable_jobs() = HealthOf(status.job_store);
  *proto.mutable_artifacts() = HealthOf(status.artifact_store);
  proto.mutable_artifacts()->set_used_bytes(status.artifact_bytes);
  for (const TenantLoad& load : status.tenants.tenants)
    *proto.add_tenants() = TenantStatusOf(load);
  proto.set_tenants_left_out(status.tenants.left_out);
  return proto;
}

ruyi::v1::DrainResponse ToProto(const DrainReport& report) {
  ruyi::v1::DrainResponse proto;
  *proto.mutable_timeout() = ToProto(report.timeout);
  for (const WorkerView& view : report.working)
    *proto.add_working() = ToProto(view);
  if (report.waiting.has_value())
    proto.set_waiting(*report.waiting);
  return proto;
}

ruyi::v1::ListJobsResponse ToProto(const JobPage& page) {
  ruyi::v1::ListJobsResponse proto;
  for (const JobRecord& job : page.jobs)
    *proto.add_jobs() = AdminJobOf(job);
  proto.set_next_page_token(page.next_page_token);
  return proto;
}

ruyi::v1::LoadedLora ToProto(const std::string& name, const LoraFacts& facts) {
  ruyi::v1::LoadedLora proto;
  proto.set_name(name);
  proto.set_sha256(facts.sha256);
  proto.set_device_mib(MibOf(facts.device_bytes));
  return proto;
}

}  // namespace ruyi
