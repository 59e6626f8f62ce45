// AdminService of a running server, over the wire.
#include <gmock/gmock.h>
#include <grpc/health/v1/health.grpc.pb.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>

#include "core/base/error_reasons.h"
#include "tests/server/admin_answer.h"
#include "tests/server/app/logged.h"
#include "tests/server/app/running_server.h"
#include "tests/server/gate.h"
#include "tests/server/raw_call.h"
#include "tests/server/rpc_status.h"
#include "tests/server/stream_call.h"
#include "tests/server/test_request.h"
#include "tests/support/fake_lora_catalog.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Stub = v1::AdminService::Stub;

// A server whose jobs stop before their second step until the test opens the gate.
class AdminTest : public testing::Test {
 protected:
  AdminTest() {
    options_.pipeline.at_boundary = [this](Phase phase, int done) {
      if (phase == Phase::kDenoising && done == 1)
        gate_.Pass();
    };
    options_.pipeline.available_bytes = [] { return 9000 * kTestMib; };
    options_.pipeline.loras = std::make_shared<FakeLoraCatalog>(std::vector<std::string>{"film", "torn"}, "torn");
  }
  ~AdminTest() override { gate_.Open(); }

  void Start() {
    running_.emplace(options_);
    ASSERT_THAT(running_->status(), IsOk());
    admin_ = running_->admin_channel();
  }

  // Returns the name of a video that is being made.
  std::string MakeOne() {
    const std::string name = CreateOne();
    EXPECT_TRUE(gate_.AwaitReached());
    return name;
  }

  std::string CreateOne(const v1::GenerateVideoRequest& request = SmallRequest()) {
    const UnaryAnswer<v1::Video> answer = CreateVideo(running_->channel(), request);
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    return answer.response.name();
  }

  template <typename Request, typename Response>
  Response Get(AdminMethod<Request, Response> method, const std::type_identity_t<Request>& request = {}) {
    const UnaryAnswer<Response> answer = AskAdmin(admin_, method, request);
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    return answer.response;
  }

  template <typename Request, typename Response>
  void ExpectRefused(grpc::StatusCode code, std::string_view reason, AdminMethod<Request, Response> method,
                     const std::type_identity_t<Request>& request = {}) {
    const grpc::Status status = AskAdmin(admin_, method, request).status;
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_EQ(DetailsOf(status).reason(), reason);
  }

  v1::ServerStatus Status() { return Get(&Stub::GetServerStatus); }

  v1::VideoEvent AwaitEnd(const std::string& name) {
    return LastOf(
        StreamCall<v1::VideoEvent>(running_->channel(), &v1::VideoService::Stub::WatchVideo, Named(name)).ReadAll());
  }

  static v1::WatchVideoRequest Named(const std::string& name) {
    v1::WatchVideoRequest request;
    request.set_name(name);
    return request;
  }

  static v1::SetVramBudgetRequest Budget(std::optional<int64_t> mib, const std::string& device = "") {
    v1::SetVramBudgetRequest request;
    request.set_device(device);
    if (mib.has_value())
      request.set_mib(*mib);
    return request;
  }

  static v1::CancelJobRequest Cancel(const std::string& name, const std::string& why) {
    v1::CancelJobRequest request;
    request.set_name(name);
    request.set_reason(why);
    return request;
  }

  static v1::SetJobPriorityRequest Priority(const std::string& name, v1::Priority priority) {
    v1::SetJobPriorityRequest request;
    request.set_name(name);
    request.set_priority(priority);
    return request;
  }

  RunningOptions options_;
  Gate gate_;
  std::optional<RunningServer> running_;
  std::shared_ptr<grpc::Channel> admin_;
};

TEST_F(AdminTest, ShowsTheServerAndWhatItMakes) {
  Start();
  const std::string made = MakeOne();
  const std::string waits = CreateOne();
  const v1::ServerStatus status = Status();
  EXPECT_FALSE(status.version().empty());
  EXPECT_EQ(status.state(), v1::SERVER_STATE_SERVING);
  EXPECT_EQ(status.queue().waiting(), 1);
  EXPECT_EQ(status.queue().running(), 1);
  EXPECT_EQ(status.queue().capacity(), 16);
  EXPECT_FALSE(status.queue().paused());
  EXPECT_GT(status.queue().predicted_work().seconds(), 0);
  EXPECT_TRUE(status.jobs().reachable());
  EXPECT_TRUE(status.artifacts().reachable());
  EXPECT_GT(status.artifacts().used_bytes(), 0);
  ASSERT_EQ(status.workers_size(), 1);
  const v1::WorkerStatus& worker = status.workers(0);
  EXPECT_FALSE(worker.worker().empty());
  EXPECT_EQ(worker.device(), "fake");
  EXPECT_FALSE(worker.has_budget_mib());
  EXPECT_EQ(worker.available_mib(), 9000);
  EXPECT_EQ(worker.job().video().name(), made);
  EXPECT_EQ(worker.job().worker(), worker.worker());
  EXPECT_EQ(worker.job().tenant(), "default");
  EXPECT_EQ(worker.job().principal(), "anonymous");
  EXPECT_EQ(worker.job().attempts(), 1);
  EXPECT_EQ(worker.job().video().progress().phase(), v1::PHASE_DENOISING);
  EXPECT_GT(worker.job().video().plan().predicted_time().seconds(), 0);
}

TEST_F(AdminTest, AnswersWhileTheModelIsLoaded) {
  Gate loading;
  options_.on_load = [&] {
    loading.Pass();
    return absl::OkStatus();
  };
  options_.awaits_loading = false;
  running_.emplace(options_);
  admin_ = running_->admin_channel();
  const v1::ServerStatus status = Status();
  EXPECT_EQ(status.state(), v1::SERVER_STATE_LOADING);
  EXPECT_EQ(status.workers_size(), 0);
  ExpectRefused(grpc::StatusCode::UNAVAILABLE, reason::kModelLoading, &Stub::Drain);
  ExpectRefused(grpc::StatusCode::UNAVAILABLE, reason::kModelLoading, &Stub::SetVramBudget);
  ExpectRefused(grpc::StatusCode::UNAVAILABLE, reason::kModelLoading, &Stub::LoadLora);
  ExpectRefused(grpc::StatusCode::UNAVAILABLE, reason::kModelLoading, &Stub::UnloadLora);
  loading.Open();
  EXPECT_THAT(running_->AwaitLoaded(), IsOk());
}

TEST_F(AdminTest, IsNotServedToCallersOfTheApi) {
  Start();
  const grpc::Status status = AskAdmin(running_->channel(), &Stub::GetServerStatus, {}).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(AdminTest, IsNotServedWhereThereIsNoAddress) {
  options_.server.admin_listen = "";
  running_.emplace(options_);
  EXPECT_EQ(running_->server().admin_port(), 0);
}

TEST_F(AdminTest, DrainTakesNoMoreJobsAndSaysWhatGoesOn) {
  Start();
  const std::string made = MakeOne();
  CreateOne();
  v1::DrainRequest request;
  request.mutable_timeout()->set_seconds(7);
  const v1::DrainResponse report = Get(&Stub::Drain, request);
  EXPECT_EQ(report.timeout().seconds(), 7);
  ASSERT_EQ(report.working_size(), 1);
  EXPECT_EQ(report.working(0).job().video().name(), made);
  EXPECT_EQ(report.waiting(), 1);
  EXPECT_TRUE(running_->drains().Await(1));
  EXPECT_EQ(running_->drain_patience(), absl::Seconds(7));
  EXPECT_EQ(Status().state(), v1::SERVER_STATE_DRAINING);
  EXPECT_EQ(CheckHealth(running_->channel(), ""), Health::kNotServing);
  EXPECT_EQ(DetailsOf(CreateVideo(running_->channel(), SmallRequest()).status).reason(), reason::kDraining);
  ExpectRefused(grpc::StatusCode::UNAVAILABLE, reason::kDraining, &Stub::SetVramBudget);
}

// The patience of the first drain is a day; the second call ends it.
TEST_F(AdminTest, AnotherDrainEndsThePatience) {
  options_.pipeline.at_boundary = [this](Phase phase, int done) {
    if (phase != Phase::kDenoising || done != 1)
      return;
    gate_.Pass();
    EXPECT_TRUE(running_->pipeline().AwaitHandBack());
  };
  Start();
  const std::string name = MakeOne();
  v1::DrainRequest request;
  request.mutable_timeout()->set_seconds(86400);
  Get(&Stub::Drain, request);
  std::thread draining([this] { running_->server().Drain(absl::Hours(24)); });
  request.mutable_timeout()->set_seconds(0);
  Get(&Stub::Drain, request);
  gate_.Open();
  draining.join();
}

TEST_F(AdminTest, APausedQueueGivesNoJobToAWorker) {
  Start();
  gate_.Open();
  EXPECT_TRUE(Get(&Stub::PauseQueue).paused());
  EXPECT_TRUE(Get(&Stub::PauseQueue).paused());
  const std::string name = CreateOne();
  EXPECT_TRUE(Status().queue().paused());
  EXPECT_EQ(GetVideo(running_->channel(), name).response.state(), v1::VIDEO_STATE_QUEUED);
  const v1::QueueStatus resumed = Get(&Stub::ResumeQueue);
  EXPECT_FALSE(resumed.paused());
  EXPECT_EQ(resumed.capacity(), 16);
  EXPECT_TRUE(AwaitEnd(name).has_completed());
}

TEST_F(AdminTest, ABudgetCountsFromTheNextPlacementOn) {
  Start();
  const std::string before = MakeOne();
  const v1::SetVramBudgetResponse set = Get(&Stub::SetVramBudget, Budget(5000));
  ASSERT_EQ(set.workers_size(), 1);
  EXPECT_EQ(set.workers(0).budget_mib(), 5000);
  EXPECT_EQ(set.workers(0).available_mib(), 5000);
  gate_.Open();
  EXPECT_EQ(AwaitEnd(before).completed().video().plan().budget_mib(), 9000);
  EXPECT_EQ(AwaitEnd(CreateOne()).completed().video().plan().budget_mib(), 5000);
  EXPECT_FALSE(Get(&Stub::SetVramBudget, Budget(std::nullopt, "fake")).workers(0).has_budget_mib());
  EXPECT_EQ(AwaitEnd(CreateOne()).completed().video().plan().budget_mib(), 9000);
}

TEST_F(AdminTest, RefusesBudgetsThatCannotBe) {
  Start();
  ExpectRefused(grpc::StatusCode::INVALID_ARGUMENT, reason::kInvalidRequest, &Stub::SetVramBudget, Budget(0));
  ExpectRefused(grpc::StatusCode::NOT_FOUND, reason::kNotFound, &Stub::SetVramBudget, Budget(5000, "cuda:7"));
  ExpectRefused(grpc::StatusCode::FAILED_PRECONDITION, reason::kVramBudget, &Stub::SetVramBudget, Budget(10));
  EXPECT_FALSE(Status().workers(0).has_budget_mib());
}

TEST_F(AdminTest, ChangesThePriorityOfWhatWaits) {
  Start();
  const std::string made = MakeOne();
  const std::string waits = CreateOne();
  EXPECT_EQ(Get(&Stub::SetJobPriority, Priority(waits, v1::PRIORITY_HIGH)).video().priority(), v1::PRIORITY_HIGH);
  ExpectRefused(grpc::StatusCode::FAILED_PRECONDITION, reason::kVideoEnded, &Stub::SetJobPriority,
                Priority(made, v1::PRIORITY_LOW));
  ExpectRefused(grpc::StatusCode::NOT_FOUND, reason::kNotFound, &Stub::SetJobPriority,
                Priority("videos/none", v1::PRIORITY_LOW));
  ExpectRefused(grpc::StatusCode::INVALID_ARGUMENT, reason::kInvalidRequest, &Stub::SetJobPriority,
                Priority("none", v1::PRIORITY_LOW));
  ExpectRefused(grpc::StatusCode::INVALID_ARGUMENT, reason::kInvalidRequest, &Stub::SetJobPriority,
                Priority(waits, v1::PRIORITY_UNSPECIFIED));
}

TEST_F(AdminTest, ListsJobsByStateLabelAndTenantInPages) {
  Start();
  const std::string made = MakeOne();
  v1::GenerateVideoRequest labelled = SmallRequest();
  (*labelled.mutable_labels())["shot"] = "7";
  const std::string waits = CreateOne(labelled);
  v1::ListJobsRequest request;
  request.set_page_size(1);
  const v1::ListJobsResponse first = Get(&Stub::ListJobs, request);
  ASSERT_EQ(first.jobs_size(), 1);
  EXPECT_EQ(first.jobs(0).video().name(), waits);
  request.set_page_token(first.next_page_token());
  const v1::ListJobsResponse second = Get(&Stub::ListJobs, request);
  ASSERT_EQ(second.jobs_size(), 1);
  EXPECT_EQ(second.jobs(0).video().name(), made);
  EXPECT_EQ(second.next_page_token(), "");
  request.Clear();
  request.add_states(v1::VIDEO_STATE_QUEUED);
  EXPECT_EQ(Get(&Stub::ListJobs, request).jobs_size(), 1);
  request.Clear();
  (*request.mutable_labels())["shot"] = "7";
  EXPECT_EQ(Get(&Stub::ListJobs, request).jobs_size(), 1);
  request.Clear();
  request.set_tenant("press");
  EXPECT_EQ(Get(&Stub::ListJobs, request).jobs_size(), 0);
}

TEST_F(AdminTest, RefusesListsThatCannotBe) {
  Start();
  v1::ListJobsRequest tenant, size, token, state;
  tenant.set_tenant("two words");
  size.set_page_size(1001);
  token.set_page_token("?");
  state.add_states(v1::VIDEO_STATE_UNSPECIFIED);
  for (const v1::ListJobsRequest& request : {tenant, size, token, state})
    ExpectRefused(grpc::StatusCode::INVALID_ARGUMENT, reason::kInvalidRequest, &Stub::ListJobs, request);
}

TEST_F(AdminTest, CancelsWithAReasonThatTheOwnerReads) {
  Start();
  const std::string made = MakeOne();
  EXPECT_EQ(Get(&Stub::CancelJob, Cancel(made, "maintenance")).video().state(), v1::VIDEO_STATE_CANCELLING);
  gate_.Open();
  const google::rpc::Status failed = AwaitEnd(made).failed().status();
  EXPECT_EQ(failed.code(), grpc::StatusCode::CANCELLED);
  EXPECT_THAT(failed.message(), HasSubstr("maintenance"));
  EXPECT_EQ(DetailsOf(failed).reason(), reason::kCancelledByAdmin);
  EXPECT_EQ(Get(&Stub::CancelJob, Cancel(made, "again")).video().state(), v1::VIDEO_STATE_CANCELLED);
  ExpectRefused(grpc::StatusCode::INVALID_ARGUMENT, reason::kInvalidRequest, &Stub::CancelJob, Cancel(made, ""));
  ExpectRefused(grpc::StatusCode::NOT_FOUND, reason::kNotFound, &Stub::CancelJob, Cancel("videos/none", "why"));
}

TEST_F(AdminTest, LorasGoAndComeForNewRequests) {
  Start();
  v1::UnloadLoraRequest unload;
  unload.set_name("film");
  Get(&Stub::UnloadLora, unload);
  const auto capabilities = [this] {
    return Ask(running_->channel(), &v1::VideoService::Stub::GetCapabilities, {}).response;
  };
  EXPECT_THAT(capabilities().loras(), ElementsAre("torn"));
  v1::LoadLoraRequest load;
  load.set_name("film");
  const v1::LoadedLora loaded = Get(&Stub::LoadLora, load);
  EXPECT_EQ(loaded.name(), "film");
  EXPECT_EQ(loaded.sha256(), FakeLoraCatalog::Sha256Of("film"));
  EXPECT_EQ(loaded.device_mib(), 1);
  EXPECT_THAT(capabilities().loras(), ElementsAre("film", "torn"));
  load.set_name("torn");
  ExpectRefused(grpc::StatusCode::INVALID_ARGUMENT, reason::kInvalidRequest, &Stub::LoadLora, load);
  load.set_name("none");
  ExpectRefused(grpc::StatusCode::NOT_FOUND, reason::kNotFound, &Stub::LoadLora, load);
  unload.set_name("none");
  ExpectRefused(grpc::StatusCode::NOT_FOUND, reason::kNotFound, &Stub::UnloadLora, unload);
}

TEST_F(AdminTest, EveryChangeIsInTheLog) {
  Start();
  const std::vector<nlohmann::json> lines = Logged("warning", [this] {
    Get(&Stub::PauseQueue);
    ExpectRefused(grpc::StatusCode::NOT_FOUND, reason::kNotFound, &Stub::CancelJob, Cancel("videos/none", "why"));
    Status();
  });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["event"], "admin_change");
  EXPECT_EQ(lines[0]["action"], "pause_queue");
  EXPECT_EQ(lines[0]["principal"], "anonymous");
  EXPECT_EQ(lines[0]["peer"], "127.0.0.1");
  EXPECT_EQ(lines[0]["done"], true);
  EXPECT_FALSE(lines[0]["call_id"].get<std::string>().empty());
  EXPECT_EQ(lines[1]["action"], "cancel_job");
  EXPECT_EQ(lines[1]["details"]["job"], "none");
  EXPECT_EQ(lines[1]["details"]["reason"], "why");
  EXPECT_EQ(lines[1]["done"], false);
  EXPECT_EQ(lines[1]["code"], "NOT_FOUND");
}

TEST_F(AdminTest, CallsAreCounted) {
  Start();
  EXPECT_TRUE(AskAdmin(admin_, &Stub::GetServerStatus, {}).status.ok());
  EXPECT_THAT(
      running_->Metrics(),
      HasSubstr("\nruyi_rpcs_total{code=\"OK\",method=\"ruyi.v1.AdminService/GetServerStatus\",reason=\"\"} 1\n"));
}

}  // namespace
}  // namespace ruyi
