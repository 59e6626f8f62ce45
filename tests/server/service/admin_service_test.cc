// How the calls of AdminService end when they fail for other reasons than what they ask for. Those are in
// tests/server/app/admin_test.cc.
#include "server/service/admin_service.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "core/artifact/files/file_artifact_store.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/admin_answer.h"
#include "tests/server/caller_channel.h"
#include "tests/server/gate.h"
#include "tests/server/rpc_status.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/flaky_job_store.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using Stub = v1::AdminService::Stub;

// The service behind a server that has no model, whose workers are seen once the gate is open.
class AdminServiceTest : public testing::Test {
 protected:
  AdminServiceTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    channel_ = ConnectAs(port_, "token");
  }

  ~AdminServiceTest() override {
    gate_.Open();
    server_->Shutdown(std::chrono::system_clock::now());
    service_.Stop();
  }

  Administration::Parts AdminParts() {
    return {.jobs = &jobs_,
            .artifacts = artifacts_.get(),
            .intake = &intake_,
            .clock = &clock_,
            .state = [] { return ServerState::kServing; },
            .workers =
                [this] {
                  gate_.Pass();
                  return std::vector<WorkerStatus>();
                },
            .set_budget = [](const std::string&, std::optional<int64_t>) { return absl::OkStatus(); },
            .drain = [](absl::Duration) {}};
  }

  // Returns how a call ends whose token is refused with `reason`.
  grpc::Status AskAs(absl::StatusCode code, std::string_view reason) {
    identity_ = ErrorWithReason(code, "no", reason);
    return AskAdmin(channel_, &Stub::ListJobs, {}).status;
  }

  // Returns how the calls end that need the store of jobs.
  std::vector<grpc::Status> AskTheStore() {
    v1::SetJobPriorityRequest priority;
    priority.set_name("videos/7");
    priority.set_priority(v1::PRIORITY_HIGH);
    v1::CancelJobRequest cancel;
    cancel.set_name("videos/7");
    cancel.set_reason("why");
    return {AskAdmin(channel_, &Stub::PauseQueue, {}).status, AskAdmin(channel_, &Stub::ResumeQueue, {}).status,
            AskAdmin(channel_, &Stub::SetJobPriority, priority).status, AskAdmin(channel_, &Stub::ListJobs, {}).status,
            AskAdmin(channel_, &Stub::CancelJob, cancel).status};
  }

  // Returns how the calls end that need the model.
  std::vector<grpc::Status> AskTheModel() {
    v1::LoadLoraRequest load;
    load.set_name("film");
    v1::UnloadLoraRequest unload;
    unload.set_name("film");
    return {AskAdmin(channel_, &Stub::SetVramBudget, {}).status, AskAdmin(channel_, &Stub::LoadLora, load).status,
            AskAdmin(channel_, &Stub::UnloadLora, unload).status};
  }

  static void ExpectAll(const std::vector<grpc::Status>& statuses, grpc::StatusCode code, std::string_view reason) {
    for (const grpc::Status& status : statuses) {
      EXPECT_EQ(status.error_code(), code) << status.error_message();
      EXPECT_EQ(DetailsOf(status).reason(), reason);
      EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
    }
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  FakeImageDecoder decoder_;
  FlakyJobStore jobs_{{}, clock_};
  std::unique_ptr<FileArtifactStore> artifacts_ = *FileArtifactStore::Open(folder_.path().string(), {}, clock_);
  JobIntake intake_{{.decoder = &decoder_, .jobs = &jobs_, .artifacts = artifacts_.get()}};
  Gate gate_;
  absl::StatusOr<Identity> identity_ = Identity{.principal = "ana", .tenant = "ops", .role = Role::kAdmin};
  Doorkeeper doorkeeper_{{.clock = &clock_, .check_token = [this](std::string_view) { return identity_; }}};
  Administration administration_{AdminParts()};
  AdminService service_{doorkeeper_, administration_, clock_, /*queue_capacity=*/16};
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(AdminServiceTest, RefusesCallsThatItCannotKeepUntilTheyAreAnswered) {
  constexpr int kCalls = 400;
  struct Call {
    grpc::ClientContext context;
    v1::ServerStatus response;
    grpc::Status status;
  };
  const v1::GetServerStatusRequest request;
  const std::unique_ptr<Stub> stub = v1::AdminService::NewStub(channel_);
  std::deque<Call> calls(kCalls);
  absl::Notification refused;
  absl::BlockingCounter ended(kCalls);
  std::atomic<int> refusals = 0;
  for (Call& call : calls) {
    stub->async()->GetServerStatus(&call.context, &request, &call.response, [&](grpc::Status status) {
      call.status = std::move(status);
      if (!call.status.ok() && ++refusals == 1)
        refused.Notify();
      ended.DecrementCount();
    });
  }
  EXPECT_TRUE(refused.WaitForNotificationWithTimeout(kPatience));
  gate_.Open();
  ended.Wait();
  EXPECT_LT(refusals, kCalls);
  std::vector<grpc::Status> refused_ones;
  for (const Call& call : calls) {
    if (!call.status.ok())
      refused_ones.push_back(call.status);
  }
  ExpectAll(refused_ones, grpc::StatusCode::RESOURCE_EXHAUSTED, reason::kQueueFull);
}

TEST_F(AdminServiceTest, LetsNobodyInWhomTheDoorkeeperDoesNot) {
  for (const auto& [code, reason] : {std::pair(absl::StatusCode::kUnauthenticated, reason::kCredentialsInvalid),
                                     std::pair(absl::StatusCode::kUnauthenticated, reason::kCredentialsExpired),
                                     std::pair(absl::StatusCode::kPermissionDenied, reason::kNoTenant),
                                     std::pair(absl::StatusCode::kPermissionDenied, reason::kUnknownRole)}) {
    const grpc::Status status = AskAs(code, reason);
    EXPECT_EQ(status.error_code(), static_cast<grpc::StatusCode>(code));
    EXPECT_EQ(DetailsOf(status).reason(), reason);
  }
  grpc::Status last;
  for (int i = 0; i < FailedAttempts::kAttempts; ++i)
    last = AskAs(absl::StatusCode::kUnauthenticated, reason::kCredentialsInvalid);
  ExpectAll({last}, grpc::StatusCode::RESOURCE_EXHAUSTED, reason::kTooManyAttempts);
}

TEST_F(AdminServiceTest, SaysThatTheStoreOfJobsIsAway) {
  jobs_.SetAway(true);
  ExpectAll(AskTheStore(), grpc::StatusCode::UNAVAILABLE, reason::kStoreUnavailable);
  gate_.Open();
  EXPECT_TRUE(AskAdmin(channel_, &Stub::GetServerStatus, {}).status.ok());
  EXPECT_TRUE(AskAdmin(channel_, &Stub::Drain, {}).status.ok());
}

TEST_F(AdminServiceTest, SaysThatTheModelIsBeingLoaded) {
  ExpectAll(AskTheModel(), grpc::StatusCode::UNAVAILABLE, reason::kModelLoading);
}

TEST_F(AdminServiceTest, SaysWhyNothingIsTakenAnyMore) {
  for (const auto& [code, reason] : {std::pair(absl::StatusCode::kUnavailable, reason::kDraining),
                                     std::pair(absl::StatusCode::kAborted, reason::kWorkerLost)}) {
    intake_.Refuse(
        WithErrorInfo(absl::Status(code, "no more"), {.reason = std::string(reason), .retry_delay = absl::Seconds(5)}));
    ExpectAll(AskTheModel(), static_cast<grpc::StatusCode>(code), reason);
  }
}

}  // namespace
}  // namespace ruyi
