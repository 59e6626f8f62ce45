// A server's start, its services and its end.
#include "server/app/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/app/version.h"
#include "tests/server/app/running_server.h"
#include "tests/server/gate.h"
#include "tests/server/raw_call.h"
#include "tests/server/test_request.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::HasSubstr;
using v1::VideoEvent;

// Returns the serialized answer of ServerReflection to list_services.
RawAnswer ListServices(const std::shared_ptr<grpc::Channel>& channel) {
  constexpr char kListServices[] = "\x3a\x01*";  // field 7, a string
  return RawCall(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", kListServices);
}

// Returns its serialized answer to file_containing_symbol: file descriptors.
RawAnswer DescribeService(const std::shared_ptr<grpc::Channel>& channel, const std::string& name) {
  const std::string request = std::string("\x22") + static_cast<char>(name.size()) + name;  // field 4, a string
  return RawCall(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", request);
}

TEST(Server, MakesAVideo) {
  RunningServer running;
  ASSERT_THAT(running.status(), IsOk());
  VideoCall call = running.Call(SmallRequest());
  const std::vector<VideoEvent> events = call.ReadAll();
  EXPECT_TRUE(call.Finish().ok());
  EXPECT_EQ(BytesOf(events), FakeVideoBytes(800));
}

TEST(Server, ListensOnTwoPorts) {
  RunningServer running;
  ASSERT_THAT(running.status(), IsOk());
  EXPECT_GT(running.server().port(), 0);
  EXPECT_GT(running.server().metrics_port(), 0);
  EXPECT_NE(running.server().port(), running.server().metrics_port());
}

TEST(Server, RefusesAnAddressThatIsInUse) {
  RunningServer first;
  ASSERT_THAT(first.status(), IsOk());
  RunningOptions options;
  options.server.listen = absl::StrCat("127.0.0.1:", first.server().port());
  EXPECT_THAT(RunningServer(options).status(),
              StatusIs(absl::StatusCode::kUnavailable,
                       testing::AllOf(HasSubstr(options.server.listen), HasSubstr("with --listen"))));
  options = RunningOptions();
  options.server.metrics_listen = absl::StrCat("127.0.0.1:", first.server().metrics_port());
  EXPECT_THAT(RunningServer(options).status(),
              StatusIs(absl::StatusCode::kUnavailable,
                       testing::AllOf(HasSubstr(options.server.metrics_listen), HasSubstr("with --metrics-listen"))));
  options = RunningOptions();
  options.server.admin_listen = absl::StrCat("127.0.0.1:", first.server().admin_port());
  EXPECT_THAT(RunningServer(options).status(),
              StatusIs(absl::StatusCode::kUnavailable,
                       testing::AllOf(HasSubstr(options.server.admin_listen), HasSubstr("with --admin-listen"))));
  options = RunningOptions();
  options.server.admin_page = absl::StrCat("127.0.0.1:", first.server().page_port());
  EXPECT_THAT(RunningServer(options).status(),
              StatusIs(absl::StatusCode::kUnavailable,
                       testing::AllOf(HasSubstr(options.server.admin_page), HasSubstr("with --admin-page"))));
}

TEST(Server, RefusesWhatIsNoAddress) {
  RunningOptions options;
  options.server.listen = "nowhere";
  EXPECT_THAT(RunningServer(options).status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("--listen")));
  options = RunningOptions();
  options.server.metrics_listen = "nowhere";
  EXPECT_THAT(RunningServer(options).status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("--metrics-listen")));
}

TEST(Server, RefusesAModelWithWrongLimits) {
  const TemporaryFolder folder;
  folder.Write("serving.json", R"({"steps": "many"})");
  RunningOptions options;
  options.server.model = folder.path().string();
  EXPECT_THAT(RunningServer(options).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("steps")));
}

TEST(Server, SaysItsLimitsAndVersion) {
  const TemporaryFolder folder;
  folder.Write("serving.json", R"({"model_name": "Ruyi-Demo"})");
  RunningOptions options;
  options.server.model = folder.path().string();
  options.server.queue_capacity = 3;
  options.server.image = {.max_bytes = 1000, .max_pixels = 2000};
  RunningServer running(options);
  grpc::ClientContext context;
  v1::Capabilities capabilities;
  EXPECT_TRUE(v1::VideoService::NewStub(running.channel())->GetCapabilities(&context, {}, &capabilities).ok());
  EXPECT_EQ(capabilities.model(), "Ruyi-Demo");
  EXPECT_EQ(capabilities.version(), kVersion);
  EXPECT_EQ(capabilities.queue_capacity(), 3);
  EXPECT_EQ(capabilities.limits().max_image_bytes(), 1000);
  EXPECT_EQ(capabilities.limits().max_image_pixels(), 2000);
}

TEST(Server, TakesMessagesOfAllPicturesTogetherAndNoLarger) {
  constexpr int kImageBytes = 1 << 20;
  RunningOptions options;
  options.server.image.max_bytes = kImageBytes;
  RunningServer running(options);
  v1::GenerateVideoRequest request = SmallRequest();
  request.clear_start_images();
  for (int i = 0; i < 4; ++i) {
    request.add_start_images()->set_data(std::string(kImageBytes, 'x'));
    request.add_end_images()->set_data(std::string(kImageBytes, 'x'));
  }
  EXPECT_EQ(running.Call(request).Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);  // no pictures
  request.add_end_images()->set_data(std::string(kImageBytes + 1, 'x'));
  EXPECT_EQ(running.Call(request).Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(Server, DrawsAnIdAndASeedForEachJob) {
  RunningServer running;
  v1::Video first = running.Call(SmallRequest()).Take().accepted().video();
  v1::Video second = running.Call(SmallRequest()).Take().accepted().video();
  EXPECT_THAT(first.name(), testing::MatchesRegex("videos/[0-9a-f]+"));
  EXPECT_EQ(first.name().size(), second.name().size());
  EXPECT_NE(first.name(), second.name());
  EXPECT_NE(first.settings().seed(), second.settings().seed());
}

TEST(Server, ListsItsServicesByReflection) {
  RunningServer running;
  const RawAnswer answer = ListServices(running.channel());
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_THAT(answer.message, HasSubstr("ruyi.v1.VideoService"));
  EXPECT_THAT(answer.message, HasSubstr("grpc.health.v1.Health"));
}

// Asks what grpcurl asks before it calls Health/Check.
TEST(Server, DescribesEachServiceByReflection) {
  RunningServer running;
  for (const std::string name : {"ruyi.v1.VideoService", "grpc.health.v1.Health"}) {
    const RawAnswer answer = DescribeService(running.channel(), name);
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_THAT(answer.message, testing::Not(HasSubstr("not found"))) << name;
    EXPECT_THAT(answer.message, HasSubstr(name.substr(name.rfind('.') + 1))) << name;
    EXPECT_THAT(answer.message, HasSubstr(".proto")) << name;
  }
}

TEST(Server, HasNoReflectionWhenNoneIsWanted) {
  RunningOptions options;
  options.server.reflection = false;
  RunningServer running(options);
  EXPECT_EQ(ListServices(running.channel()).status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_TRUE(running.Call(SmallRequest()).Finish().ok());
}

TEST(Server, IsDestroyedWhileAJobRuns) {
  Gate gate;
  std::optional<RunningServer> running;
  RunningOptions options;
  options.pipeline.at_boundary = [&](Phase phase, int done) {
    if (phase == Phase::kDenoising && done == 1) {
      gate.Pass();
      EXPECT_TRUE(running->pipeline().AwaitHandBack());
    }
  };
  running.emplace(options);
  VideoCall call = running->Call(SmallRequest());
  VideoCall waiting = running->Call(SmallRequest());
  ASSERT_TRUE(gate.AwaitReached());
  waiting.ReadUntil(VideoEvent::kQueued);
  gate.Open();
  running->Stop();
  EXPECT_EQ(running->pipeline().ended().value(), 1);
  EXPECT_FALSE(call.Finish().ok());
  EXPECT_FALSE(waiting.Finish().ok());
}

TEST(Server, IsDestroyedWhileAReaderIsSlow) {
  RunningOptions options;
  options.encoder.bytes_per_frame = 1 << 20;
  RunningServer running(options);
  VideoCall call = running.Call(SmallRequest());
  call.ReadUntil(VideoEvent::kChunk);
  running.Stop();
  EXPECT_FALSE(call.Finish().ok());
}

TEST(Server, IsDestroyedAfterLoadingWhenStoppedBefore) {
  Gate gate;
  RunningOptions options;
  options.awaits_loading = false;
  options.on_load = [&] {
    gate.Pass();
    return absl::OkStatus();
  };
  RunningServer running(options);
  ASSERT_TRUE(gate.AwaitReached());
  gate.Open();
  running.Stop();
  EXPECT_THAT(running.AwaitLoaded(), IsOk());
}

}  // namespace
}  // namespace ruyi
