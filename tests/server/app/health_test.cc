// Health and readiness, from the first connection to the loaded model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/error_reasons.h"
#include "tests/server/app/logged.h"
#include "tests/server/app/running_server.h"
#include "tests/server/gate.h"
#include "tests/server/raw_call.h"
#include "tests/server/rpc_status.h"
#include "tests/server/test_request.h"
#include "tests/support/flaky_job_store.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

constexpr char kService[] = "ruyi.v1.VideoService";

TEST(Health, FollowsTheModel) {
  Gate gate;
  RunningOptions options;
  options.awaits_loading = false;
  options.on_load = [&] {
    gate.Pass();
    return absl::OkStatus();
  };
  RunningServer running(options);
  ASSERT_TRUE(gate.AwaitReached());
  EXPECT_EQ(CheckHealth(running.channel(), ""), Health::kNotServing);
  EXPECT_EQ(CheckHealth(running.channel(), kService), Health::kNotServing);
  EXPECT_TRUE(running.server().is_loading());
  EXPECT_EQ(DetailsOf(running.Call(SmallRequest()).Finish()).reason(), reason::kModelLoading);
  gate.Open();
  EXPECT_THAT(running.AwaitLoaded(), IsOk());
  EXPECT_EQ(CheckHealth(running.channel(), ""), Health::kServing);
  EXPECT_EQ(CheckHealth(running.channel(), kService), Health::kServing);
  EXPECT_FALSE(running.server().is_loading());
  EXPECT_TRUE(running.Call(SmallRequest()).Finish().ok());
}

TEST(Health, IsTheSameOnItsOwnAddress) {
  RunningOptions options;
  options.server.health_listen = "127.0.0.1:0";
  RunningServer running(options);
  const std::shared_ptr<grpc::Channel> probes = ConnectTo(running.server().health_port());
  EXPECT_EQ(CheckHealth(probes, kService), Health::kServing);
  EXPECT_EQ(CheckHealth(probes, HealthService::kLiveness), Health::kServing);
  EXPECT_EQ(VideoCall(probes, SmallRequest()).Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
  running.server().Drain(absl::ZeroDuration());
  EXPECT_EQ(CheckHealth(probes, kService), Health::kNotServing);
  EXPECT_EQ(CheckHealth(probes, HealthService::kLiveness), Health::kServing);
}

TEST(Health, NeedsAnAddressOfItsOwn) {
  RunningOptions first;
  first.server.health_listen = "127.0.0.1:0";
  RunningServer running(first);
  RunningOptions second;
  second.server.health_listen = absl::StrFormat("127.0.0.1:%d", running.server().health_port());
  EXPECT_THAT(RunningServer(second).status(),
              StatusIs(absl::StatusCode::kUnavailable, testing::HasSubstr("--health-listen")));
}

TEST(Health, KnowsNoOtherService) {
  RunningServer running;
  EXPECT_EQ(CheckHealth(running.channel(), "ruyi.v1.Other"), Health::kUnknownService);
}

// Both directions are found out by a look every second.
TEST(Health, FollowsTheStoreOfJobs) {
  FlakyJobStore* store = nullptr;
  RunningOptions options;
  options.server.log_level = "info";
  options.open_jobs = [&](const JobStoreOptions& jobs, const Clock& clock) {
    auto opened = std::make_unique<FlakyJobStore>(jobs, clock);
    store = opened.get();
    return opened;
  };
  const std::vector<nlohmann::json> lines = Logged("info", [&] {
    RunningServer running(options);
    ASSERT_THAT(running.status(), IsOk());
    store->SetAway(true);
    while (CheckHealth(running.channel(), kService) != Health::kNotServing)
      std::this_thread::yield();
    const grpc::Status status = running.Call(SmallRequest()).Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(DetailsOf(status).reason(), reason::kStoreUnavailable);
    EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
    store->SetAway(false);
    while (CheckHealth(running.channel(), kService) != Health::kServing)
      std::this_thread::yield();
    EXPECT_TRUE(running.Call(SmallRequest()).Finish().ok());
  });
  const auto count = [&](const char* event) {
    return std::count_if(lines.begin(), lines.end(), [&](const auto& line) { return line["event"] == event; });
  };
  EXPECT_EQ(count("store_away"), 1);
  EXPECT_EQ(count("store_back"), 1);
  EXPECT_EQ(count("store_trouble"), 0);
}

// Expects that a failure to load is reported, and that nothing is served after it.
void ExpectThatLoadingFails(const RunningOptions& options, absl::StatusCode code, const std::string& message) {
  RunningServer running(options);
  EXPECT_THAT(running.status(), StatusIs(code, message));
  EXPECT_FALSE(running.server().is_loading());
  EXPECT_EQ(CheckHealth(running.channel(), ""), Health::kNotServing);
  EXPECT_EQ(CheckHealth(running.channel(), kService), Health::kNotServing);
  EXPECT_EQ(DetailsOf(running.Call(SmallRequest()).Finish()).reason(), reason::kModelLoading);
  running.server().Drain(absl::InfiniteDuration());
}

TEST(Health, StaysBadWhenTheModelCannotBeLoaded) {
  RunningOptions options;
  options.on_load = [] { return absl::DataLossError("no weights"); };
  ExpectThatLoadingFails(options, absl::StatusCode::kDataLoss, "no weights");
}

TEST(Health, StaysBadWhenTheWarmUpFails) {
  RunningOptions options;
  options.pipeline.warm_up_status = absl::ResourceExhaustedError("out of memory");
  ExpectThatLoadingFails(options, absl::StatusCode::kResourceExhausted, "out of memory");
}

TEST(Health, StaysBadWhenDrainingBeganBeforeTheModelWasLoaded) {
  Gate gate;
  RunningOptions options;
  options.awaits_loading = false;
  options.on_load = [&] {
    gate.Pass();
    return absl::OkStatus();
  };
  RunningServer running(options);
  ASSERT_TRUE(gate.AwaitReached());
  running.server().Drain(absl::InfiniteDuration());
  EXPECT_EQ(CheckHealth(running.channel(), ""), Health::kNoAnswer);
  gate.Open();
  EXPECT_THAT(running.AwaitLoaded(), IsOk());
}

}  // namespace
}  // namespace ruyi
