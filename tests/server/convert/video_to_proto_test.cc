#include "server/convert/video_to_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/rpc_status.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

const absl::Time kCreated = absl::FromUnixSeconds(1'700'000'000);

JobRecord TestRecord() {
  JobRecord record;
  record.ticket.id = "job";
  record.spec = TestSpec();
  record.create_time = kCreated;
  return record;
}

// Returns a job that has been made in a mode of 8 blocks with the LoRA "film".
JobRecord MadeRecord() {
  JobRecord record = TestRecord();
  record.state = JobState::kSucceeded;
  record.start_time = kCreated + absl::Seconds(1);
  record.end_time = kCreated + absl::Seconds(2);
  record.expire_time = kCreated + absl::Seconds(3);
  record.progress = JobProgress{.progress = {.done = 8, .total = 8}};
  record.result = VideoResult{.file = {.size_bytes = 99, .sha256 = "hash"},
                              .frame_count = 8,
                              .frames_per_second = 24,
                              .skipped_steps = {4, 5, 9},
                              .provenance = {.model = "Ruyi",
                                             .model_sha256 = "abc",
                                             .loras = {{"film", "def"}},
                                             .build = "1.2.3",
                                             .sampler = "ddim",
                                             .seed = 7},
                              .device = "gpu 0"};
  record.usage = VideoUsage{.queued = absl::Seconds(1),
                            .conditioning = absl::Seconds(2),
                            .denoising = absl::Seconds(3),
                            .decoding = absl::Seconds(4),
                            .report = {.mode = {.resident_blocks = 10}, .peak_bytes = int64_t{3} << 30, .retries = 2},
                            .worked = absl::Seconds(9),
                            .resumes = 1};
  return record;
}

TEST(VideoName, IsReadAsItIsWritten) {
  EXPECT_EQ(VideoNameOf("abc"), "videos/abc");
  ASSERT_OK_AND_ASSIGN(const std::string id, IdOfVideo("videos/abc"));
  EXPECT_EQ(id, "abc");
}

TEST(VideoName, HasOneForm) {
  for (const char* name : {"", "abc", "videos/", "videos", "video/abc", "/videos/abc"}) {
    const absl::Status status = IdOfVideo(name).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument)) << name;
    EXPECT_THAT(GetErrorInfo(status).field_violations, ElementsAre(testing::FieldsAre("name", testing::_)));
  }
}

TEST(VideoToProto, SaysWhatWasAskedFor) {
  JobRecord record = TestRecord();
  record.ticket.request_id = "mine";
  record.ticket.labels = {{"team", "film"}};
  record.placement.reason = "it fits";
  const v1::Video video = ToProto(record);
  EXPECT_EQ(video.name(), "videos/job");
  EXPECT_EQ(video.create_time().seconds(), absl::ToUnixSeconds(kCreated));
  EXPECT_EQ(video.settings().frame_count(), 8);
  EXPECT_EQ(video.plan().reason(), "it fits");
  EXPECT_EQ(video.request_id(), "mine");
  EXPECT_THAT(video.labels(), UnorderedElementsAre(Pair("team", "film")));
}

TEST(VideoToProto, SaysNothingOfWhatIsNotThereYet) {
  const v1::Video video = ToProto(TestRecord());
  EXPECT_FALSE(video.has_start_time());
  EXPECT_FALSE(video.has_end_time());
  EXPECT_FALSE(video.has_expire_time());
  EXPECT_FALSE(video.has_progress());
  EXPECT_FALSE(video.has_result());
  EXPECT_FALSE(video.has_usage());
  EXPECT_FALSE(video.has_error());
}

TEST(VideoToProto, EveryStateHasItsNumber) {
  const std::vector<std::pair<JobState, v1::VideoState>> states = {
      {JobState::kQueued, v1::VIDEO_STATE_QUEUED},         {JobState::kRunning, v1::VIDEO_STATE_RUNNING},
      {JobState::kCancelling, v1::VIDEO_STATE_CANCELLING}, {JobState::kSucceeded, v1::VIDEO_STATE_SUCCEEDED},
      {JobState::kFailed, v1::VIDEO_STATE_FAILED},         {JobState::kCancelled, v1::VIDEO_STATE_CANCELLED},
      {JobState::kExpired, v1::VIDEO_STATE_EXPIRED}};
  EXPECT_EQ(states.size(), size_t{v1::VideoState_ARRAYSIZE - 1});
  for (const auto& [state, number] : states) {
    JobRecord record = TestRecord();
    record.state = state;
    EXPECT_EQ(ToProto(record).state(), number);
    EXPECT_EQ(FromProto(number), state);
  }
  EXPECT_EQ(FromProto(v1::VIDEO_STATE_UNSPECIFIED), std::nullopt);
  EXPECT_EQ(FromProto(static_cast<v1::VideoState>(99)), std::nullopt);
}

TEST(VideoToProto, EveryPriorityHasItsNumber) {
  for (const auto& [priority, number] :
       std::vector<std::pair<Priority, v1::Priority>>{{Priority::kLow, v1::PRIORITY_LOW},
                                                      {Priority::kNormal, v1::PRIORITY_NORMAL},
                                                      {Priority::kHigh, v1::PRIORITY_HIGH}}) {
    JobRecord record = TestRecord();
    record.ticket.priority = priority;
    EXPECT_EQ(ToProto(record).priority(), number);
  }
}

TEST(VideoToProto, ShowsProgressWhileTheVideoIsBeingMade) {
  JobRecord record = TestRecord();
  record.state = JobState::kRunning;
  record.progress = JobProgress{.progress = {.phase = Phase::kDenoising, .done = 2, .total = 3}};
  EXPECT_EQ(ToProto(record).progress().step(), 2);
  record.state = JobState::kFailed;
  EXPECT_FALSE(ToProto(record).has_progress());
}

TEST(VideoToProto, SaysWhatCameOut) {
  const v1::Video video = ToProto(MadeRecord());
  EXPECT_EQ(video.start_time().seconds(), absl::ToUnixSeconds(kCreated) + 1);
  EXPECT_EQ(video.end_time().seconds(), absl::ToUnixSeconds(kCreated) + 2);
  EXPECT_EQ(video.expire_time().seconds(), absl::ToUnixSeconds(kCreated) + 3);
  const v1::VideoResult& result = video.result();
  EXPECT_EQ(result.size_bytes(), 99);
  EXPECT_EQ(result.sha256(), "hash");
  EXPECT_EQ(result.frame_count(), 8);
  EXPECT_EQ(result.duration().seconds(), 0);
  EXPECT_EQ(result.duration().nanos(), 333'333'333);  // 8 frames of 24 per second
  EXPECT_THAT(result.skipped_steps(), ElementsAre(4, 5, 9));
  EXPECT_EQ(result.reused_from(), "");
}

TEST(VideoToProto, SaysWhatMadeIt) {
  const v1::Provenance provenance = ToProto(MadeRecord()).result().provenance();
  EXPECT_EQ(provenance.model(), "Ruyi");
  EXPECT_EQ(provenance.model_sha256(), "abc");
  EXPECT_THAT(provenance.loras(), UnorderedElementsAre(Pair("film", "def")));
  EXPECT_EQ(provenance.build(), "1.2.3");
  EXPECT_EQ(provenance.sampler(), v1::SAMPLER_DDIM);
  EXPECT_EQ(provenance.seed(), 7u);
  EXPECT_EQ(provenance.mode().resident_blocks(), 10);
  EXPECT_EQ(provenance.device(), "gpu 0");
}

TEST(VideoToProto, SaysWhatItTook) {
  const v1::VideoUsage usage = ToProto(MadeRecord()).usage();
  EXPECT_EQ(usage.queued().seconds(), 1);
  EXPECT_EQ(usage.conditioning().seconds(), 2);
  EXPECT_EQ(usage.denoising().seconds(), 3);
  EXPECT_EQ(usage.decoding().seconds(), 4);
  EXPECT_EQ(usage.mode().resident_blocks(), 10);
  EXPECT_EQ(usage.peak_mib(), 3072);
  EXPECT_EQ(usage.retries(), 2);
  EXPECT_EQ(usage.resumes(), 1);
  EXPECT_EQ(usage.worked().seconds(), 9);
}

TEST(VideoToProto, NamesTheVideoWhoseBytesItHas) {
  JobRecord record = MadeRecord();
  record.result->reused_from = "other";
  EXPECT_EQ(ToProto(record).result().reused_from(), "videos/other");
}

TEST(VideoToProto, SaysWhyThereIsNoVideo) {
  JobRecord record = TestRecord();
  record.state = JobState::kFailed;
  record.error = ErrorWithReason(absl::StatusCode::kInternal, "broken", reason::kGpuFault);
  const v1::Video video = ToProto(record);
  EXPECT_EQ(video.error().message(), "broken");
  EXPECT_EQ(DetailsOf(video.error()).reason(), reason::kGpuFault);
}

TEST(VideoToProto, HasAnotherEtagAfterEveryChange) {
  std::set<std::string> etags;
  JobRecord record = TestRecord();
  etags.insert(ToProto(record).etag());
  record.last_seq = 1;
  etags.insert(ToProto(record).etag());
  record.state = JobState::kExpired;  // of which the log says nothing
  etags.insert(ToProto(record).etag());
  EXPECT_EQ(etags.size(), 3u);
}

TEST(AcceptedVideo, IsWhatTheVideoWasAtFirst) {
  const v1::Video video = AcceptedVideo(MadeRecord(), MadeRecord().placement);
  EXPECT_EQ(video.state(), v1::VIDEO_STATE_QUEUED);
  EXPECT_EQ(video.name(), "videos/job");
  EXPECT_FALSE(video.has_start_time());
  EXPECT_FALSE(video.has_result());
  EXPECT_FALSE(video.has_usage());
}

TEST(PlannedVideo, HasNoNameAndNoState) {
  PlannedVideo planned = {.spec = TestSpec(), .pictures = {}, .admission = {}};
  planned.admission.budget_bytes = int64_t{4} << 30;
  planned.admission.modes = {{.fits = true, .reason = "it fits"}};
  planned.admission.modes[0].prediction.mode.resident_blocks = 3;
  planned.admission.chosen = 0;
  const v1::Video video = ToProto(planned);
  EXPECT_EQ(video.name(), "");
  EXPECT_EQ(video.state(), v1::VIDEO_STATE_UNSPECIFIED);
  EXPECT_FALSE(video.has_create_time());
  EXPECT_EQ(video.settings().frame_count(), 8);
  EXPECT_EQ(video.plan().mode().resident_blocks(), 3);
  EXPECT_EQ(video.plan().budget_mib(), 4096);
}

}  // namespace
}  // namespace ruyi
