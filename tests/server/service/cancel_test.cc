// Calls that end before their job: cancelled by the client, out of time, or lost, in each phase of the job.
#include <gmock/gmock.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/server_posix.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/base/error_reasons.h"
#include "tests/server/gate.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using v1::VideoEvent;

// A server whose first job stops in a phase until the test opens the gate.
class CancelTest : public testing::TestWithParam<Phase> {
 protected:
  // The job goes on when its token has ended, unless `awaits_end` is false.
  void StopIn(Phase phase, bool awaits_end = true) {
    ServiceOptions options;
    options.pipeline.at_boundary = [this, phase, awaits_end](Phase at, int done) {
      if (at != phase || done != 1 || stopped_)
        return;
      stopped_ = true;
      gate_.Pass();
      EXPECT_TRUE(!awaits_end || service_->pipeline().AwaitTokenEnd());
    };
    service_.emplace(options);
  }

  // Whatever its clock shows.
  void ExpectThatTheServerStillWorks() {
    EXPECT_TRUE(VideoCall(service_->channel(), SmallRequest(), VideoCall::Deadline::max()).Finish().ok());
  }

  Gate gate_;
  bool stopped_ = false;  // of the worker's thread
  std::optional<ServiceUnderTest> service_;
};

TEST_P(CancelTest, TheClientCancelsInEachPhase) {
  StopIn(GetParam());
  VideoCall call = service_->Call(SmallRequest());
  ASSERT_TRUE(gate_.AwaitReached());
  call.Cancel();
  gate_.Open();
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::CANCELLED);
  ASSERT_TRUE(service_->events().ended().Await(1));
  EXPECT_THAT(service_->events().ends(), ElementsAre(StatusIs(absl::StatusCode::kCancelled)));
  EXPECT_THAT(service_->events().ends(), ElementsAre(HasReason(reason::kCancelledByCaller)));
  ExpectThatTheServerStillWorks();
}

TEST_P(CancelTest, TheClientGoesAwayInEachPhase) {
  StopIn(GetParam());
  std::shared_ptr<grpc::Channel> channel = ConnectTo(service_->port());
  auto call = std::make_unique<VideoCall>(channel, SmallRequest());
  ASSERT_TRUE(gate_.AwaitReached());
  call.reset();
  channel.reset();
  gate_.Open();
  ASSERT_TRUE(service_->events().ended().Await(1));
  EXPECT_THAT(service_->events().ends(), ElementsAre(HasReason(reason::kCancelledByCaller)));
  ExpectThatTheServerStillWorks();
}

TEST_P(CancelTest, TheConnectionBreaksInEachPhase) {
  StopIn(GetParam());
  std::array<int, 2> sockets;
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets.data()), 0);
  const int cable = dup(sockets[0]);
  grpc::AddInsecureChannelFromFd(&service_->server(), sockets[1]);
  VideoCall call(grpc::CreateInsecureChannelFromFd("server", sockets[0]), SmallRequest());
  ASSERT_TRUE(gate_.AwaitReached());
  EXPECT_EQ(shutdown(cable, SHUT_RDWR), 0);
  close(cable);
  gate_.Open();
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  ASSERT_TRUE(service_->events().ended().Await(1));
  EXPECT_THAT(service_->events().ends(), ElementsAre(HasReason(reason::kCancelledByCaller)));
  ExpectThatTheServerStillWorks();
}

TEST_P(CancelTest, TheJobOutlivesItsCall) {
  StopIn(GetParam(), /*awaits_end=*/false);
  VideoCall call = service_->Call(SmallRequest());
  ASSERT_TRUE(gate_.AwaitReached());
  call.Cancel();
  service_->server().Shutdown();  // waits until gRPC is done with the call
  EXPECT_EQ(service_->calls().statuses.value(), 1);
  EXPECT_EQ(service_->events().ended().value(), 0);
  EXPECT_TRUE(service_->pipeline().AwaitTokenEnd());
  gate_.Open();
  ASSERT_TRUE(service_->events().ended().Await(1));
  EXPECT_THAT(service_->events().ends(), ElementsAre(StatusIs(absl::StatusCode::kCancelled)));
}

TEST_P(CancelTest, TheExecutionTimeoutEndsTheJob) {
  StopIn(GetParam());
  v1::GenerateVideoRequest request = SmallRequest();
  request.mutable_execution_timeout()->set_seconds(60);
  VideoCall call = service_->Call(request);
  ASSERT_TRUE(gate_.AwaitReached());
  service_->clock().Advance(absl::Seconds(60));
  gate_.Open();
  const grpc::Status status = call.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kJobTimeout);
  ExpectThatTheServerStillWorks();
}

std::string PhaseName(const testing::TestParamInfo<Phase>& test) {
  return std::array{"Conditioning", "Denoising", "Decoding"}[static_cast<int>(test.param)];
}

INSTANTIATE_TEST_SUITE_P(Phases, CancelTest, testing::Values(Phase::kConditioning, Phase::kDenoising, Phase::kDecoding),
                         PhaseName);

// gRPC counts this deadline by the machine's clock. Wherever it strikes, the call ends, and so does its job.
TEST(Cancel, GrpcEndsACallAtItsDeadline) {
  ServiceOptions options;
  ServiceUnderTest* running = nullptr;
  options.pipeline.at_boundary = [&running](Phase phase, int done) {
    EXPECT_TRUE(phase != Phase::kDenoising || done != 1 || running->pipeline().AwaitTokenEnd());
  };
  ServiceUnderTest service(options);
  running = &service;
  VideoCall call(service.channel(), SmallRequest(), std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(service.events().ended().Await(service.events().accepted().value()));
  for (const absl::Status& end : service.events().ends())
    EXPECT_THAT(end, HasReason(reason::kCancelledByCaller));
}

TEST(Cancel, AJobThatWaitsLeavesTheQueueAtOnce) {
  ServiceOptions options;
  options.has_worker = false;
  ServiceUnderTest service(options);
  VideoCall first = service.Call(SmallRequest());
  first.ReadUntil(VideoEvent::kQueued);
  VideoCall second = service.Call(SmallRequest());
  second.ReadUntil(VideoEvent::kQueued);
  first.Cancel();
  EXPECT_EQ(first.Finish().error_code(), grpc::StatusCode::CANCELLED);
  ASSERT_TRUE(service.events().ended().Await(1));
  EXPECT_THAT(service.events().ends(), ElementsAre(HasReason(reason::kCancelledByCaller)));
  ASSERT_OK_AND_ASSIGN(const JobCounts counts, service.jobs().Counts());
  EXPECT_EQ(counts.waiting, 1);
  service.StartWorker();
  EXPECT_TRUE(second.Finish().ok());
}

// No job is left, whether the server hears of the cancelling before or after the job is made.
TEST(Cancel, WhileThePicturesAreDecodedLeavesNoJob) {
  Gate gate;
  ServiceOptions options;
  options.has_worker = false;
  options.on_decode = [&] { gate.Pass(); };
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  ASSERT_TRUE(gate.AwaitReached());
  call.Cancel();
  gate.Open();
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::CANCELLED);
  ASSERT_TRUE(service.calls().statuses.Await(1));
  EXPECT_TRUE(service.events().ended().Await(service.events().accepted().value()));
  service.StartWorker();
  EXPECT_TRUE(service.Call(SmallRequest()).Finish().ok());
}

TEST(Cancel, ADeadlineThatPassesWhileThePicturesAreDecodedMakesNoJob) {
  Gate gate;
  ServiceOptions options;
  options.on_decode = [&] { gate.Pass(); };
  ServiceUnderTest service(options);
  VideoCall call(service.channel(), SmallRequest(), VideoCall::AfterPatience());
  ASSERT_TRUE(gate.AwaitReached());
  service.clock().Advance(2 * kPatience);
  gate.Open();
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(service.events().accepted().value(), 0);
  EXPECT_EQ(service.events().refused().value(), 1);
}

// The request is read until the pictures are decoded: its call cannot end before.
TEST(Cancel, AServerThatStopsWaitsForPicturesThatAreBeingDecoded) {
  Gate gate;
  ServiceOptions options;
  options.on_decode = [&] { gate.Pass(); };
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  ASSERT_TRUE(gate.AwaitReached());
  std::thread stopping([&] { service.Shutdown(); });
  EXPECT_FALSE(call.Finish().ok());
  EXPECT_EQ(service.calls().statuses.value(), 0);
  gate.Open();
  stopping.join();
  EXPECT_EQ(service.calls().statuses.value(), 1);
}

TEST(Cancel, RightAfterAcceptanceEndsTheJob) {
  Gate gate;
  ServiceOptions options;
  options.has_worker = false;
  options.on_accepted = [&] { gate.Pass(); };
  ServiceUnderTest service(options);
  VideoCall call = service.Call(SmallRequest());
  ASSERT_TRUE(gate.AwaitReached());
  call.Cancel();
  gate.Open();
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::CANCELLED);
  ASSERT_TRUE(service.events().ended().Await(1));
  EXPECT_THAT(service.events().ends(), ElementsAre(HasReason(reason::kCancelledByCaller)));
  service.StartWorker();
  EXPECT_TRUE(service.Call(SmallRequest()).Finish().ok());
}

TEST(Cancel, ManyCallsThatAreCancelledAtAnyTimeEndOnceEach) {
  ServiceOptions options;
  options.queue_capacity = 100;
  ServiceUnderTest service(options);
  constexpr int kCalls = 60;
  for (int i = 0; i < kCalls; ++i) {
    VideoCall call = service.Call(SmallRequest());
    for (int events = 0; events < i / 2; ++events)
      call.Next();
    call.Cancel();
    call.Finish();
  }
  EXPECT_TRUE(service.Call(SmallRequest()).Finish().ok());
  EXPECT_TRUE(service.events().ended().Await(service.events().accepted().value()));
}

}  // namespace
}  // namespace ruyi
