// The RPCs of ruyi.v1.AdminService, each as thin as it can be: lets the caller in, reads the request, asks
// Administration. Before it: the wire. After it: server/admin. Thread-safe; no thread of gRPC's waits.
#pragma once

#include <ruyi/v1/admin.grpc.pb.h>

#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "server/admin/administration.h"
#include "server/service/doorkeeper.h"
#include "server/service/task_pool.h"

namespace ruyi {

class AdminService final : public ruyi::v1::AdminService::CallbackService {
 public:
  // All must outlive the service. `queue_capacity` is what QueueStatus says.
  AdminService(Doorkeeper& doorkeeper, Administration& administration, const Clock& clock, int queue_capacity);

  grpc::ServerUnaryReactor* GetServerStatus(grpc::CallbackServerContext* context,
                                            const ruyi::v1::GetServerStatusRequest* request,
                                            ruyi::v1::ServerStatus* response) override;
  grpc::ServerUnaryReactor* Drain(grpc::CallbackServerContext* context, const ruyi::v1::DrainRequest* request,
                                  ruyi::v1::DrainResponse* response) override;
  grpc::ServerUnaryReactor* PauseQueue(grpc::CallbackServerContext* context, const ruyi::v1::PauseQueueRequest* request,
                                       ruyi::v1::QueueStatus* response) override;
  grpc::ServerUnaryReactor* ResumeQueue(grpc::CallbackServerContext* context,
                                        const ruyi::v1::ResumeQueueRequest* request,
                                        ruyi::v1::QueueStatus* response) override;
  grpc::ServerUnaryReactor* SetVramBudget(grpc::CallbackServerContext* context,
                                          const ruyi::v1::SetVramBudgetRequest* request,
                                          ruyi::v1::SetVramBudgetResponse* response) override;
  grpc::ServerUnaryReactor* SetJobPriority(grpc::CallbackServerContext* context,
                                           const ruyi::v1::SetJobPriorityRequest* request,
                                           ruyi::v1::AdminJob* response) override;
  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context, const ruyi::v1::ListJobsRequest* request,
                                     ruyi::v1::ListJobsResponse* response) override;
  grpc::ServerUnaryReactor* CancelJob(grpc::CallbackServerContext* context, const ruyi::v1::CancelJobRequest* request,
                                      ruyi::v1::AdminJob* response) override;
  grpc::ServerUnaryReactor* LoadLora(grpc::CallbackServerContext* context, const ruyi::v1::LoadLoraRequest* request,
                                     ruyi::v1::LoadedLora* response) override;
  grpc::ServerUnaryReactor* UnloadLora(grpc::CallbackServerContext* context, const ruyi::v1::UnloadLoraRequest* request,
                                       google::protobuf::Empty* response) override;

  // Waits for what is being worked on; nothing is called after it. Only when no call comes any more.
  void Stop() { pool_.reset(); }

 private:
  template <typename Response>
  using Work = std::function<absl::StatusOr<Response>(const AdminCaller&)>;

  template <typename Response>
  grpc::ServerUnaryReactor* AnswerOnPool(const char* method, grpc::CallbackServerContext& context, Response* response,
                                         Work<Response> work);
  absl::StatusOr<ruyi::v1::QueueStatus> SetPaused(const AdminCaller& caller, bool paused);
  absl::StatusOr<ruyi::v1::ListJobsResponse> List(const ruyi::v1::ListJobsRequest& request) const;

  Doorkeeper& doorkeeper_;
  Administration& administration_;
  const Clock& clock_;
  const int queue_capacity_;
  std::optional<TaskPool> pool_;
};

}  // namespace ruyi
