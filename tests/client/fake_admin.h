// An AdminService on a free port of this machine that answers what a test says and notes what it is asked. Thread-safe
// but for the answers, which are set before the calls.
#pragma once

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "ruyi/v1/admin.grpc.pb.h"

namespace ruyi::client {

class FakeAdmin final : public v1::AdminService::Service {
 public:
  FakeAdmin() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
  }

  const std::string& address() const { return address_; }

  // The requests so far: "Drain timeout { seconds: 7 }", in protobuf's short form.
  std::vector<std::string> requests() {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }

  v1::ServerStatus status;
  v1::DrainResponse drain;
  v1::QueueStatus queue;
  v1::SetVramBudgetResponse budget;
  v1::AdminJob job;
  std::vector<v1::AdminJob> jobs;  // of ListJobs, in pages of two at most
  v1::LoadedLora lora;
  grpc::Status end;  // of every call

 private:
  template <typename Request, typename Response>
  grpc::Status Answer(const std::string& call, const Request& request, const Response& answer, Response* response) {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(absl::StrCat(call, " ", request.ShortDebugString()));
    *response = answer;
    return end;
  }

  grpc::Status GetServerStatus(grpc::ServerContext*, const v1::GetServerStatusRequest* request,
                               v1::ServerStatus* response) override {
    return Answer("GetServerStatus", *request, status, response);
  }
  grpc::Status Drain(grpc::ServerContext*, const v1::DrainRequest* request, v1::DrainResponse* response) override {
    return Answer("Drain", *request, drain, response);
  }
  grpc::Status PauseQueue(grpc::ServerContext*, const v1::PauseQueueRequest* request,
                          v1::QueueStatus* response) override {
    return Answer("PauseQueue", *request, queue, response);
  }
  grpc::Status ResumeQueue(grpc::ServerContext*, const v1::ResumeQueueRequest* request,
                           v1::QueueStatus* response) override {
    return Answer("ResumeQueue", *request, queue, response);
  }
  grpc::Status SetVramBudget(grpc::ServerContext*, const v1::SetVramBudgetRequest* request,
                             v1::SetVramBudgetResponse* response) override {
    return Answer("SetVramBudget", *request, budget, response);
  }
  grpc::Status SetJobPriority(grpc::ServerContext*, const v1::SetJobPriorityRequest* request,
                              v1::AdminJob* response) override {
    return Answer("SetJobPriority", *request, job, response);
  }
  // A page's token is the index of its first job.
  grpc::Status ListJobs(grpc::ServerContext*, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override {
    v1::ListJobsResponse page;
    const size_t begin = std::strtoul(request->page_token().c_str(), nullptr, 10);
    const size_t end_of_page = std::min(jobs.size(), begin + std::min(2, request->page_size()));
    for (size_t i = begin; i < end_of_page; ++i)
      *page.add_jobs() = jobs[i];
    if (end_of_page < jobs.size())
      page.set_next_page_token(absl::StrCat(end_of_page));
    return Answer("ListJobs", *request, page, response);
  }
  grpc::Status CancelJob(grpc::ServerContext*, const v1::CancelJobRequest* request, v1::AdminJob* response) override {
    return Answer("CancelJob", *request, job, response);
  }
  grpc::Status LoadLora(grpc::ServerContext*, const v1::LoadLoraRequest* request, v1::LoadedLora* response) override {
    return Answer("LoadLora", *request, lora, response);
  }
  grpc::Status UnloadLora(grpc::ServerContext*, const v1::UnloadLoraRequest* request,
                          google::protobuf::Empty* response) override {
    return Answer("UnloadLora", *request, google::protobuf::Empty(), response);
  }

  absl::Mutex mutex_;
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace ruyi::client
