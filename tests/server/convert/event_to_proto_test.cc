#include "server/convert/event_to_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "server/convert/memory_proto.h"
#include "server/convert/video_to_proto.h"
#include "tests/server/rpc_status.h"
#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

const absl::Time kCreated = absl::FromUnixSeconds(1'700'000'000);

JobRecord TestRecord() {
  JobRecord record;
  record.ticket.id = "job";
  record.spec = TestSpec();
  record.create_time = kCreated;
  return record;
}

v1::VideoEvent Convert(JobEvent event, const JobRecord& record = TestRecord()) {
  return ToProto(record, LoggedEvent{.seq = 5, .time = kCreated + absl::Seconds(3), .event = std::move(event)});
}

absl::Status TooLate() {
  return ErrorWithReason(absl::StatusCode::kDeadlineExceeded, "too late", reason::kJobTimeout);
}

TEST(EventToProto, HasNumberAndTimeOfTheLog) {
  const v1::VideoEvent proto = Convert(JobAccepted{});
  EXPECT_EQ(proto.seq(), 5);
  EXPECT_EQ(proto.time().seconds(), absl::ToUnixSeconds(kCreated) + 3);
}

TEST(EventToProto, AcceptedBringsTheVideoAsItWasThen) {
  JobRecord record = TestRecord();
  record.state = JobState::kSucceeded;
  record.result.emplace();
  record.placement.reason = "the worker's choice";
  const Placement advice = {.prediction = {}, .fallbacks = {}, .budget_bytes = 0, .reason = "advice"};
  const v1::Video video = Convert(JobAccepted{advice}, record).accepted().video();
  EXPECT_EQ(video.SerializeAsString(), AcceptedVideo(record, advice).SerializeAsString());
  EXPECT_EQ(video.plan().reason(), "advice");
}

TEST(EventToProto, QueuedBringsThePositionEvenWhenItIsZero) {
  EXPECT_EQ(Convert(JobQueued{.position = 4}).queued().position(), 4);
  EXPECT_TRUE(Convert(JobQueued{.position = 0}).has_queued());
}

TEST(EventToProto, QueuedBringsTheWaitWhereItIsKnown) {
  EXPECT_EQ(Convert(JobQueued{.expected_wait = absl::Seconds(9)}).queued().expected_wait().seconds(), 9);
  EXPECT_FALSE(Convert(JobQueued()).queued().has_expected_wait());
  EXPECT_TRUE(Convert(JobQueued{.paused = true}).queued().paused());
  EXPECT_FALSE(Convert(JobQueued()).queued().paused());
}

TEST(EventToProto, StartedBringsTheWorkersChoice) {
  const Placement placement = {.reason = "it fits"};
  const v1::VideoStarted proto =
      Convert(JobStarted{.worker = "worker-1", .attempt = 2, .placement = placement}).started();
  EXPECT_EQ(proto.worker(), "worker-1");
  EXPECT_EQ(proto.attempt(), 2);
  EXPECT_EQ(proto.plan().SerializeAsString(), ToProto(placement).SerializeAsString());
}

TEST(EventToProto, ResumedBringsTheStep) {
  EXPECT_EQ(Convert(JobResumed{.step = 11}).resumed().step(), 11);
}

TEST(EventToProto, ProgressBringsPhaseUnitsAndTimes) {
  const v1::VideoProgress proto =
      Convert(JobProgress{.progress = {.phase = Phase::kDenoising, .done = 2, .total = 25, .skipped_steps = {2}},
                          .per_unit = absl::Milliseconds(1500),
                          .remaining = absl::Seconds(34)})
          .progress();
  EXPECT_EQ(proto.phase(), v1::PHASE_DENOISING);
  EXPECT_EQ(proto.step(), 2);
  EXPECT_EQ(proto.total(), 25);
  EXPECT_EQ(proto.per_step().seconds(), 1);
  EXPECT_EQ(proto.per_step().nanos(), 500'000'000);
  EXPECT_EQ(proto.eta().seconds(), 34);
  EXPECT_THAT(proto.skipped_steps(), testing::ElementsAre(2));
}

TEST(EventToProto, ProgressLeavesOutTimesThatAreNotKnown) {
  const v1::VideoProgress proto = Convert(JobProgress{.progress = {.total = 2}}).progress();
  EXPECT_FALSE(proto.has_per_step());
  EXPECT_FALSE(proto.has_eta());
}

TEST(EventToProto, EveryPhaseHasItsNumber) {
  for (const auto& [from, to] : std::vector<std::pair<Phase, v1::Phase>>{{Phase::kConditioning, v1::PHASE_CONDITIONING},
                                                                         {Phase::kDenoising, v1::PHASE_DENOISING},
                                                                         {Phase::kDecoding, v1::PHASE_DECODING}})
    EXPECT_EQ(Convert(JobProgress{.progress = {.phase = from}}).progress().phase(), to);
}

TEST(EventToProto, PreviewBringsThePicture) {
  const v1::VideoPreview proto =
      Convert(JobPreview{.step = 6, .size = {.width = 160, .height = 80}, .jpeg = "jpeg"}).preview();
  EXPECT_EQ(proto.step(), 6);
  EXPECT_EQ(proto.jpeg(), "jpeg");
  EXPECT_EQ(proto.size().width(), 160);
  EXPECT_EQ(proto.size().height(), 80);
}

TEST(EventToProto, RetryBringsBothModesAndTheReason) {
  const v1::VideoRetry proto =
      Convert(JobRetry{{.from = {.resident_blocks = 20, .resident_states = 10},
                        .to = {.resident_blocks = 10, .resident_states = 5, .branches_in_turn = true},
                        .reason = "out of memory"}})
          .retry();
  EXPECT_EQ(proto.from().resident_blocks(), 20);
  EXPECT_EQ(proto.from().resident_states(), 10);
  EXPECT_FALSE(proto.from().branches_in_turn());
  EXPECT_EQ(proto.to().resident_blocks(), 10);
  EXPECT_EQ(proto.to().resident_states(), 5);
  EXPECT_TRUE(proto.to().branches_in_turn());
  EXPECT_EQ(proto.reason(), "out of memory");
}

TEST(EventToProto, CancellingSaysWhatTheVideoWillEndWith) {
  const google::rpc::Status proto = Convert(JobCancelling{TooLate()}).cancelling().status();
  EXPECT_EQ(proto.message(), "too late");
  EXPECT_EQ(DetailsOf(proto).reason(), reason::kJobTimeout);
}

TEST(EventToProto, CompletedBringsTheVideoAsItWasThen) {
  const JobCompleted completed = {.result = {.file = {.size_bytes = 99, .sha256 = "hash"}}, .usage = {.resumes = 2}};
  JobRecord record = TestRecord();
  record.last_seq = 5;
  record.expire_time = kCreated + absl::Hours(1);
  Apply(completed, kCreated + absl::Seconds(3), record);
  const std::string then = ToProto(record).SerializeAsString();
  record.state = JobState::kExpired;
  const v1::Video video = Convert(completed, record).completed().video();
  EXPECT_EQ(video.SerializeAsString(), then);
  EXPECT_EQ(video.state(), v1::VIDEO_STATE_SUCCEEDED);
  EXPECT_EQ(video.result().size_bytes(), 99);
  EXPECT_EQ(video.usage().resumes(), 2);
  EXPECT_EQ(video.end_time().seconds(), absl::ToUnixSeconds(kCreated) + 3);
}

TEST(EventToProto, FailedBringsTheStatusWithDetails) {
  const google::rpc::Status proto = Convert(JobFailed{TooLate()}).failed().status();
  EXPECT_EQ(proto.code(), static_cast<int>(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(proto.message(), "too late");
  EXPECT_EQ(DetailsOf(proto).reason(), reason::kJobTimeout);
}

TEST(ChunkToProto, AChunkBringsItsBytes) {
  const v1::VideoChunk proto = ToProto(ResultChunk{.offset = 1000, .data = "abc", .crc32c = 0xdeadbeef, .digest = {}});
  EXPECT_EQ(proto.offset(), 1000);
  EXPECT_EQ(proto.data(), "abc");
  EXPECT_EQ(proto.crc32c(), 0xdeadbeef);
  EXPECT_FALSE(proto.last());
  EXPECT_EQ(proto.total_size_bytes(), 0);
  EXPECT_EQ(proto.sha256(), "");
}

TEST(ChunkToProto, TheLastChunkBringsTheDigest) {
  const v1::VideoChunk proto =
      ToProto(ResultChunk{.offset = 7, .data = "", .digest = FileDigest{.size_bytes = 7, .sha256 = "hash"}});
  EXPECT_TRUE(proto.last());
  EXPECT_EQ(proto.offset(), 7);
  EXPECT_EQ(proto.data(), "");
  EXPECT_EQ(proto.total_size_bytes(), 7);
  EXPECT_EQ(proto.sha256(), "hash");
}

}  // namespace
}  // namespace ruyi
