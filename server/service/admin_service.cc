#include "server/service/admin_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/status_macros.h"
#include "server/convert/admin_to_proto.h"
#include "server/convert/job_filter_from_proto.h"
#include "server/convert/video_to_proto.h"
#include "server/service/call_token.h"
#include "server/service/too_many_requests.h"
#include "server/service/unary_call.h"

namespace ruyi {
namespace {

constexpr int kThreads = 2;
constexpr size_t kCapacity = 256;

AdminCaller AdminCallerOf(const CallContext& caller, const grpc::CallbackServerContext& context) {
  return {.principal = caller.principal,
          .tenant = caller.tenant,
          .peer = AddressOfPeer(context.peer()),
          .call_id = caller.call_id};
}

absl::StatusOr<Priority> PriorityOf(ruyi::v1::Priority priority) {
  switch (priority) {
    case ruyi::v1::PRIORITY_LOW:
      return Priority::kLow;
    case ruyi::v1::PRIORITY_NORMAL:
      return Priority::kNormal;
    case ruyi::v1::PRIORITY_HIGH:
      return Priority::kHigh;
    default:
      return InvalidFields({{"priority", absl::StrFormat("%d is no priority; use PRIORITY_LOW, PRIORITY_NORMAL or "
                                                         "PRIORITY_HIGH",
                                                         static_cast<int>(priority))}});
  }
}

// A duration of the wire may be longer than any that counts here.
std::optional<absl::Duration> TimeoutOf(const ruyi::v1::DrainRequest& request) {
  if (!request.has_timeout())
    return std::nullopt;
  return absl::Seconds(request.timeout().seconds()) + absl::Nanoseconds(request.timeout().nanos());
}

}  // namespace

AdminService::AdminService(Doorkeeper& doorkeeper, Administration& administration, const Clock& clock,
                           int queue_capacity)
    : doorkeeper_(doorkeeper),
      administration_(administration),
      clock_(clock),
      queue_capacity_(queue_capacity),
      pool_(std::in_place, kThreads, kCapacity) {}

// The request lives as long as the call.
template <typename Response>
grpc::ServerUnaryReactor* AdminService::AnswerOnPool(const char* method, grpc::CallbackServerContext& context,
                                                     Response* response, Work<Response> work) {
  const absl::StatusOr<CallContext> caller =
      doorkeeper_.AdmitAdmin(context, absl::StrCat(ruyi::v1::AdminService::service_full_name(), "/", method));
  auto* call = new UnaryCall<Response>(CancellationOf(caller.value_or(CallContext()), clock_), response);
  if (!caller.ok()) {
    call->Answer(caller.status());
    return call;
  }
  const AdminCaller admin = AdminCallerOf(*caller, context);
  if (!pool_->TryRun([call, admin, work = std::move(work)] { call->Answer(work(admin)); }))
    call->Answer(TooManyRequests());
  return call;
}

grpc::ServerUnaryReactor* AdminService::GetServerStatus(grpc::CallbackServerContext* context,
                                                        const ruyi::v1::GetServerStatusRequest* /*request*/,
                                                        ruyi::v1::ServerStatus* response) {
  return AnswerOnPool<ruyi::v1::ServerStatus>(__func__, *context, response,
                                              [this](const AdminCaller&) { return ToProto(administration_.Status()); });
}

grpc::ServerUnaryReactor* AdminService::Drain(grpc::CallbackServerContext* context,
                                              const ruyi::v1::DrainRequest* request,
                                              ruyi::v1::DrainResponse* response) {
  return AnswerOnPool<ruyi::v1::DrainResponse>(
      __func__, *context, response,
      [this, request](const AdminCaller& caller) -> absl::StatusOr<ruyi::v1::DrainResponse> {
        RUYI_ASSIGN_OR_RETURN(const DrainReport report, administration_.Drain(caller, TimeoutOf(*request)));
        return ToProto(report);
      });
}

absl::StatusOr<ruyi::v1::QueueStatus> AdminService::SetPaused(const AdminCaller& caller, bool paused) {
  RUYI_ASSIGN_OR_RETURN(const JobCounts counts, administration_.SetPaused(caller, paused));
  return ToProto(counts, queue_capacity_);
}

grpc::ServerUnaryReactor* AdminService::PauseQueue(grpc::CallbackServerContext* context,
                                                   const ruyi::v1::PauseQueueRequest* /*request*/,
                                                   ruyi::v1::QueueStatus* response) {
  return AnswerOnPool<ruyi::v1::QueueStatus>(
      __func__, *context, response, [this](const AdminCaller& caller) { return SetPaused(caller, /*paused=*/true); });
}

grpc::ServerUnaryReactor* AdminService::ResumeQueue(grpc::CallbackServerContext* context,
                                                    const ruyi::v1::ResumeQueueRequest* /*request*/,
                                                    ruyi::v1::QueueStatus* response) {
  return AnswerOnPool<ruyi::v1::QueueStatus>(
      __func__, *context, response, [this](const AdminCaller& caller) { return SetPaused(caller, /*paused=*/false); });
}

grpc::ServerUnaryReactor* AdminService::SetVramBudget(grpc::CallbackServerContext* context,
                                                      const ruyi::v1::SetVramBudgetRequest* request,
                                                      ruyi::v1::SetVramBudgetResponse* response) {
  return AnswerOnPool<ruyi::v1::SetVramBudgetResponse>(
      __func__, *context, response,
      [this, request](const AdminCaller& caller) -> absl::StatusOr<ruyi::v1::SetVramBudgetResponse> {
        const std::optional<int64_t> mib = request->has_mib() ? std::optional(request->mib()) : std::nullopt;
        RUYI_ASSIGN_OR_RETURN(const std::vector<WorkerStatus> workers,
                              administration_.SetVramBudget(caller, request->device(), mib));
        ruyi::v1::SetVramBudgetResponse answer;
        for (const WorkerStatus& worker : workers)
          *answer.add_workers() = ToProto(worker);
        return answer;
      });
}

grpc::ServerUnaryReactor* AdminService::SetJobPriority(grpc::CallbackServerContext* context,
                                                       const ruyi::v1::SetJobPriorityRequest* request,
                                                       ruyi::v1::AdminJob* response) {
  return AnswerOnPool<ruyi::v1::AdminJob>(
      __func__, *context, response, [this, request](const AdminCaller& caller) -> absl::StatusOr<ruyi::v1::AdminJob> {
        RUYI_ASSIGN_OR_RETURN(const std::string id, IdOfVideo(request->name()));
        RUYI_ASSIGN_OR_RETURN(const Priority priority, PriorityOf(request->priority()));
        RUYI_ASSIGN_OR_RETURN(const JobRecord job, administration_.SetPriority(caller, id, priority));
        return AdminJobOf(job);
      });
}

absl::StatusOr<ruyi::v1::ListJobsResponse> AdminService::List(const ruyi::v1::ListJobsRequest& request) const {
  RUYI_ASSIGN_OR_RETURN(const int page_size, PageSizeFromProto(request.page_size()));
  RUYI_ASSIGN_OR_RETURN(JobFilter filter, JobFilterFromProto(request.states(), request.labels()));
  if (!request.tenant().empty() && !IsIdentityName(request.tenant()))
    return InvalidFields({{"tenant", "can be no tenant; use 1 to 128 printable ASCII characters without spaces"}});
  filter.tenant = request.tenant();
  RUYI_ASSIGN_OR_RETURN(const JobPage page, administration_.ListJobs(filter, page_size, request.page_token()));
  return ToProto(page);
}

grpc::ServerUnaryReactor* AdminService::ListJobs(grpc::CallbackServerContext* context,
                                                 const ruyi::v1::ListJobsRequest* request,
                                                 ruyi::v1::ListJobsResponse* response) {
  return AnswerOnPool<ruyi::v1::ListJobsResponse>(__func__, *context, response,
                                                  [this, request](const AdminCaller&) { return List(*request); });
}

grpc::ServerUnaryReactor* AdminService::CancelJob(grpc::CallbackServerContext* context,
                                                  const ruyi::v1::CancelJobRequest* request,
                                                  ruyi::v1::AdminJob* response) {
  return AnswerOnPool<ruyi::v1::AdminJob>(
      __func__, *context, response, [this, request](const AdminCaller& caller) -> absl::StatusOr<ruyi::v1::AdminJob> {
        RUYI_ASSIGN_OR_RETURN(const std::string id, IdOfVideo(request->name()));
        RUYI_ASSIGN_OR_RETURN(const JobRecord job, administration_.CancelJob(caller, id, request->reason()));
        return AdminJobOf(job);
      });
}

grpc::ServerUnaryReactor* AdminService::LoadLora(grpc::CallbackServerContext* context,
                                                 const ruyi::v1::LoadLoraRequest* request,
                                                 ruyi::v1::LoadedLora* response) {
  return AnswerOnPool<ruyi::v1::LoadedLora>(
      __func__, *context, response, [this, request](const AdminCaller& caller) -> absl::StatusOr<ruyi::v1::LoadedLora> {
        RUYI_ASSIGN_OR_RETURN(const LoraFacts facts, administration_.LoadLora(caller, request->name()));
        return ToProto(request->name(), facts);
      });
}

grpc::ServerUnaryReactor* AdminService::UnloadLora(grpc::CallbackServerContext* context,
                                                   const ruyi::v1::UnloadLoraRequest* request,
                                                   google::protobuf::Empty* response) {
  return AnswerOnPool<google::protobuf::Empty>(
      __func__, *context, response,
      [this, request](const AdminCaller& caller) -> absl::StatusOr<google::protobuf::Empty> {
        RUYI_RETURN_IF_ERROR(administration_.UnloadLora(caller, request->name()));
        return google::protobuf::Empty();
      });
}

}  // namespace ruyi
