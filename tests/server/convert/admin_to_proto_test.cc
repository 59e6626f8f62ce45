#include "server/convert/admin_to_proto.h"

#include <gtest/gtest.h>

#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

constexpr int64_t kMib = 1 << 20;

JobRecord Record() {
  return {.ticket = {.id = "7", .tenant = "film", .principal = "ana", .call_id = "c"},
          .spec = TestSpec(),
          .placement = {.reason = "fits"},
          .state = JobState::kRunning,
          .worker = "worker-1",
          .attempts = 2,
          .crashes = 1};
}

TEST(AdminJobOf, HasWhoseItIsAndWhoMakesIt) {
  const v1::AdminJob job = AdminJobOf(Record());
  EXPECT_EQ(job.video().name(), "videos/7");
  EXPECT_EQ(job.video().state(), v1::VIDEO_STATE_RUNNING);
  EXPECT_EQ(job.video().plan().reason(), "fits");
  EXPECT_EQ(job.tenant(), "film");
  EXPECT_EQ(job.principal(), "ana");
  EXPECT_EQ(job.call_id(), "c");
  EXPECT_EQ(job.worker(), "worker-1");
  EXPECT_EQ(job.attempts(), 2);
  EXPECT_EQ(job.crashes(), 1);
}

TEST(AdminToProto, AWorkerHasWhatWasGivenAndWhatIsThere) {
  WorkerView view = {.worker = {.name = "worker-1",
                                .device = "cuda:1",
                                .budget_bytes = 5 * kMib,
                                .available = {.device_bytes = 4 * kMib, .host_bytes = 3 * kMib + 1}}};
  EXPECT_FALSE(ToProto(view).has_job());
  EXPECT_FALSE(ToProto(view).has_mode());
  view.worker.available.placed.mode = MemoryMode{.resident_blocks = 20};
  view.job = Record();
  const v1::WorkerStatus proto = ToProto(view);
  EXPECT_EQ(proto.worker(), "worker-1");
  EXPECT_EQ(proto.device(), "cuda:1");
  EXPECT_EQ(proto.budget_mib(), 5);
  EXPECT_EQ(proto.available_mib(), 4);
  EXPECT_EQ(proto.host_available_mib(), 4);
  EXPECT_EQ(proto.mode().resident_blocks(), 20);
  EXPECT_EQ(proto.job().video().name(), "videos/7");
  view.worker.budget_bytes.reset();
  EXPECT_FALSE(ToProto(view).has_budget_mib());
}

TEST(AdminToProto, AServerHasEveryState) {
  for (const auto& [state, expected] : {std::pair(ServerState::kLoading, v1::SERVER_STATE_LOADING),
                                        std::pair(ServerState::kServing, v1::SERVER_STATE_SERVING),
                                        std::pair(ServerState::kDraining, v1::SERVER_STATE_DRAINING),
                                        std::pair(ServerState::kFailed, v1::SERVER_STATE_FAILED)})
    EXPECT_EQ(ToProto(ServerStatus{.state = state}).state(), expected);
}

TEST(AdminToProto, AServerWhoseStoreIsAwayHasNoQueue) {
  ServerStatus status = {.build = "1", .model = "m", .uptime = absl::Seconds(3)};
  status.job_store = absl::UnavailableError("away");
  status.artifact_bytes = 9;
  v1::ServerStatus proto = ToProto(status);
  EXPECT_EQ(proto.version(), "1");
  EXPECT_EQ(proto.model(), "m");
  EXPECT_EQ(proto.uptime().seconds(), 3);
  EXPECT_FALSE(proto.has_queue());
  EXPECT_FALSE(proto.jobs().reachable());
  EXPECT_EQ(proto.jobs().message(), "away");
  EXPECT_TRUE(proto.artifacts().reachable());
  EXPECT_EQ(proto.artifacts().used_bytes(), 9);
  status.queue = JobCounts{.waiting = 2, .running = 1, .predicted_seconds = 1.5, .paused = true};
  status.queue_capacity = 16;
  proto = ToProto(status);
  EXPECT_EQ(proto.queue().waiting(), 2);
  EXPECT_EQ(proto.queue().running(), 1);
  EXPECT_EQ(proto.queue().capacity(), 16);
  EXPECT_EQ(proto.queue().predicted_work().nanos(), 500'000'000);
  EXPECT_TRUE(proto.queue().paused());
}

TEST(AdminToProto, ATenantHasATurnAndADayWhereTheStoreKnowsThem) {
  ServerStatus status;
  status.tenants = {.tenants = {{.tenant = "film",
                                 .waiting = 2,
                                 .running = 1,
                                 .waiting_work = absl::Seconds(63),
                                 .turn = 3,
                                 .device_seconds = QuotaUse{.name = "device_seconds_a_day", .limit = 100, .used = 7}},
                                {.tenant = "press"}},
                    .left_out = 4};
  const v1::ServerStatus proto = ToProto(status);
  EXPECT_EQ(proto.tenants_left_out(), 4);
  ASSERT_EQ(proto.tenants_size(), 2);
  EXPECT_EQ(proto.tenants(0).tenant(), "film");
  EXPECT_EQ(proto.tenants(0).waiting(), 2);
  EXPECT_EQ(proto.tenants(0).running(), 1);
  EXPECT_EQ(proto.tenants(0).waiting_work().seconds(), 63);
  EXPECT_EQ(proto.tenants(0).turn(), 3);
  EXPECT_EQ(proto.tenants(0).device_seconds_a_day(), 100);
  EXPECT_EQ(proto.tenants(0).device_seconds_used(), 7);
  EXPECT_FALSE(proto.tenants(1).has_turn());
  EXPECT_FALSE(proto.tenants(1).has_device_seconds_a_day());
  EXPECT_FALSE(proto.tenants(1).has_device_seconds_used());
}

TEST(AdminToProto, ADrainSaysWhatGoesOn) {
  DrainReport report = {.timeout = absl::Seconds(30), .working = {{.worker = {.name = "worker-0"}}}};
  EXPECT_FALSE(ToProto(report).has_waiting());
  report.waiting = 0;
  const v1::DrainResponse proto = ToProto(report);
  EXPECT_EQ(proto.timeout().seconds(), 30);
  EXPECT_EQ(proto.working(0).worker(), "worker-0");
  EXPECT_TRUE(proto.has_waiting());
}

}  // namespace
}  // namespace ruyi
