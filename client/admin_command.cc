#include "client/admin_command.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_format.h"
#include "client/admin_client.h"
#include "client/admin_text.h"
#include "client/choices.h"
#include "client/json_events.h"

namespace ruyi::client {
namespace {

using Stub = AdminClient::Stub;

constexpr int kMaxPage = 1000;  // of the API

// One run of the command: its options and its client.
class AdminRun {
 public:
  AdminRun(const AdminOptions& options, const CommandContext& context)
      : options_(options), context_(context), client_(context.server, context.channel) {}

  ExitCode Status() { return Show(&Stub::GetServerStatus, v1::GetServerStatusRequest(), &ServerStatusText); }

  ExitCode Jobs();
  ExitCode Drain();

  ExitCode Pause() { return Show(&Stub::PauseQueue, v1::PauseQueueRequest(), &QueueStatusText); }
  ExitCode Resume() { return Show(&Stub::ResumeQueue, v1::ResumeQueueRequest(), &QueueStatusText); }

  ExitCode VramBudget();
  ExitCode Priority();
  ExitCode Cancel();
  ExitCode LoadLora();
  ExitCode UnloadLora();

 private:
  template <typename Request, typename Response>
  grpc::Status Ask(AdminClient::Method<Request, Response> method, const Request& request, Response* response) {
    return client_.Ask(method, request, {.cancel_source = context_.interrupt->cancel_source()}, response);
  }

  // Makes the call, and shows its answer as JSON or as `text` has it.
  template <typename Request, typename Response>
  ExitCode Show(AdminClient::Method<Request, Response> method, const Request& request,
                std::type_identity_t<absl::FunctionRef<std::string(const Response&)>> text) {
    Response response;
    const grpc::Status status = Ask(method, request, &response);
    if (!status.ok())
      return FailAdmin(status);
    std::cout << (options_.json ? MessageJson(response) + "\n" : text(response)) << std::flush;
    return ExitCode::kDone;
  }

  // The API's address has no AdminService, and gRPC says no more than that.
  ExitCode FailAdmin(const grpc::Status& status) {
    if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED)
      return Fail(ExitCode::kFailed,
                  absl::StrFormat("nothing is administered at %s; give the address of the server's --admin-listen with "
                                  "--server, such as %s",
                                  context_.server, AdminOptions::kDefaultServer));
    return FailCall(context_, status, options_.name);
  }

  const AdminOptions& options_;
  const CommandContext& context_;
  AdminClient client_;
};

ExitCode AdminRun::Jobs() {
  v1::ListJobsRequest request;
  for (const std::string& state : options_.states)
    request.add_states(StateOfName(state));
  request.mutable_labels()->insert(options_.labels.begin(), options_.labels.end());
  request.set_tenant(options_.tenant);
  const int limit = options_.limit.value_or(AdminOptions::kDefaultLimit);
  std::vector<v1::AdminJob> jobs;
  do {
    request.set_page_size(std::min(limit - static_cast<int>(jobs.size()), kMaxPage));
    v1::ListJobsResponse page;
    const grpc::Status status = Ask(&Stub::ListJobs, request, &page);
    if (!status.ok())
      return FailAdmin(status);
    jobs.insert(jobs.end(), page.jobs().begin(), page.jobs().end());
    request.set_page_token(page.next_page_token());
  } while (static_cast<int>(jobs.size()) < limit && !request.page_token().empty());
  if (!options_.json)
    std::cout << JobTable(jobs);
  for (const v1::AdminJob& job : jobs) {
    if (options_.json)
      std::cout << MessageJson(job) << "\n";
  }
  std::cout << std::flush;
  return ExitCode::kDone;
}

ExitCode AdminRun::Drain() {
  constexpr double kMillisecondsPerSecond = 1000.0;
  v1::DrainRequest request;
  if (options_.timeout_s.has_value())
    *request.mutable_timeout() = google::protobuf::util::TimeUtil::MillisecondsToDuration(
        static_cast<int64_t>(*options_.timeout_s * kMillisecondsPerSecond));
  return Show(&Stub::Drain, request, &DrainText);
}

ExitCode AdminRun::VramBudget() {
  v1::SetVramBudgetRequest request;
  request.set_device(options_.device);
  if (options_.budget_mib.has_value())
    request.set_mib(*options_.budget_mib);
  const auto text = [](const v1::SetVramBudgetResponse& response) { return WorkerTable(response.workers()); };
  return Show(&Stub::SetVramBudget, request, text);
}

ExitCode AdminRun::Priority() {
  v1::SetJobPriorityRequest request;
  request.set_name(options_.name);
  request.set_priority(PriorityOfName(options_.priority));
  const auto text = [](const v1::AdminJob& job) {
    return absl::StrFormat("%s is of priority %s\n", job.video().name(), NameOfPriority(job.video().priority()));
  };
  return Show(&Stub::SetJobPriority, request, text);
}

ExitCode AdminRun::Cancel() {
  v1::CancelJobRequest request;
  request.set_name(options_.name);
  request.set_reason(options_.reason);
  const auto text = [](const v1::AdminJob& job) {
    return absl::StrFormat("%s of %s is %s\n", job.video().name(), job.tenant(), NameOfState(job.video().state()));
  };
  return Show(&Stub::CancelJob, request, text);
}

ExitCode AdminRun::LoadLora() {
  v1::LoadLoraRequest request;
  request.set_name(options_.name);
  const auto text = [](const v1::LoadedLora& lora) {
    return absl::StrFormat("%s fits the model: %d MiB, sha256 %s\n", lora.name(), lora.device_mib(), lora.sha256());
  };
  return Show(&Stub::LoadLora, request, text);
}

ExitCode AdminRun::UnloadLora() {
  v1::UnloadLoraRequest request;
  request.set_name(options_.name);
  google::protobuf::Empty nothing;
  const grpc::Status status = Ask(&Stub::UnloadLora, request, &nothing);
  if (!status.ok())
    return FailAdmin(status);
  std::cout << "no new request may name " << options_.name << "; videos that were accepted keep it" << std::endl;
  return ExitCode::kDone;
}

}  // namespace

ExitCode RunAdmin(const AdminOptions& options, const CommandContext& context) {
  AdminRun run(options, context);
  switch (options.action) {
    case AdminAction::kStatus:
      return run.Status();
    case AdminAction::kJobs:
      return run.Jobs();
    case AdminAction::kDrain:
      return run.Drain();
    case AdminAction::kPause:
      return run.Pause();
    case AdminAction::kResume:
      return run.Resume();
    case AdminAction::kVramBudget:
      return run.VramBudget();
    case AdminAction::kPriority:
      return run.Priority();
    case AdminAction::kCancel:
      return run.Cancel();
    case AdminAction::kLoadLora:
      return run.LoadLora();
    case AdminAction::kUnloadLora:
      break;
  }
  return run.UnloadLora();
}

}  // namespace ruyi::client
