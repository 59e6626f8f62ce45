#include "client/video_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/scripted_events.h"

namespace ruyi::client {
namespace {

constexpr int64_t kMoment = 1'714'566'896;  // 2024-05-01 12:34:56 UTC

v1::Video FinishedVideo() {
  v1::Video video = CompletedEvent("film").completed().video();
  video.set_state(v1::VIDEO_STATE_SUCCEEDED);
  video.mutable_create_time()->set_seconds(kMoment);
  video.mutable_result()->set_sha256("\x01\xab");
  video.mutable_result()->set_frame_count(9);
  video.mutable_result()->mutable_duration()->set_nanos(375'000'000);
  (*video.mutable_labels())["b"] = "2";
  (*video.mutable_labels())["a"] = "1";
  return video;
}

v1::Video RunningVideo() {
  v1::Video video = AcceptedEvent().accepted().video();
  video.set_state(v1::VIDEO_STATE_RUNNING);
  *video.mutable_progress() = ProgressEvent(v1::PHASE_DENOISING, 3, 25).progress();
  return video;
}

v1::Video FailedVideo() {
  v1::Video video = AcceptedEvent().accepted().video();
  video.set_state(v1::VIDEO_STATE_FAILED);
  *video.mutable_error() = DetailedStatus(grpc::INTERNAL, "a device broke", "GPU_FAULT");
  return video;
}

TEST(VideoTable, HasATitleWithoutVideos) {
  EXPECT_EQ(VideoTable({}), "NAME  STATE  CREATED (UTC)  SIZE  FRAMES  WORK  LABELS\n");
}

TEST(VideoTable, IsAligned) {
  EXPECT_EQ(VideoTable({FinishedVideo(), RunningVideo(), FailedVideo()}),
            "NAME      STATE      CREATED (UTC)        SIZE   FRAMES  WORK               LABELS\n"
            "videos/7  succeeded  2024-05-01 12:34:56  64x48  9       4 bytes            a=1, b=2\n"
            "videos/7  running                         64x48  9       denoising 3/25\n"
            "videos/7  failed                          64x48  9       error [GPU_FAULT]\n");
}

TEST(VideoText, HasALineForEachThing) {
  v1::Video video = FinishedVideo();
  video.mutable_start_time()->set_seconds(kMoment + 1);
  video.mutable_end_time()->set_seconds(kMoment + 2);
  video.mutable_expire_time()->set_seconds(kMoment + 3);
  video.mutable_plan()->set_predicted_mib(22893);
  video.mutable_plan()->set_reason("the fastest that fits");
  video.mutable_result()->set_reused_from("videos/3");
  video.set_priority(v1::PRIORITY_HIGH);
  video.set_request_id("an id");
  EXPECT_EQ(VideoText(video),
            "name        videos/7\n"
            "state       succeeded\n"
            "created     2024-05-01 12:34:56\n"
            "started     2024-05-01 12:34:57\n"
            "ended       2024-05-01 12:34:58\n"
            "expires     2024-05-01 12:34:59\n"
            "settings    64x48, 9 frames, seed 42, 25 steps, ddim, guidance 7\n"
            "plan        0 blocks, 0 states, 22893 MiB, about 0 s\n"
            "because     the fastest that fits\n"
            "film        4 bytes, 9 frames, 0.4 s\n"
            "sha256      01ab\n"
            "reused from videos/3\n"
            "priority    high\n"
            "labels      a=1, b=2\n"
            "request     an id\n");
}

TEST(VideoText, HasTheOptionsThatAreOn) {
  v1::Video video = RunningVideo();
  v1::Acceleration& settings = *video.mutable_settings()->mutable_acceleration();
  settings.mutable_fp8()->set_mode(v1::FP8_MODE_NONE);
  EXPECT_THAT(VideoText(video), testing::Not(testing::HasSubstr("options")));
  settings.mutable_fp8()->set_mode(v1::FP8_MODE_STRONG);
  settings.mutable_fp8()->set_arithmetic(v1::FP8_ARITHMETIC_SCALED);
  settings.mutable_easy_cache()->set_threshold(0.05);
  settings.mutable_easy_cache()->set_skip_start_steps(5);
  settings.mutable_easy_cache()->set_skip_end_steps(1);
  settings.mutable_guidance_gate()->set_start_ratio(0.7);
  v1::Lora& lora = *settings.add_loras();
  lora.set_name("film");
  lora.set_strength(0.8);
  EXPECT_THAT(VideoText(video),
              testing::HasSubstr("\noptions     --fp8 strong --fp8-arithmetic scaled --easy-cache 0.05 "
                                 "--easy-cache-skip 5,1 --guidance-gate 0.7 --lora film=0.8\n"));
}

TEST(VideoText, TellsHowFarItIs) {
  EXPECT_EQ(VideoText(RunningVideo()),
            "name        videos/7\n"
            "state       running\n"
            "settings    64x48, 9 frames, seed 42, 25 steps, ddim, guidance 7\n"
            "progress    denoising 3/25\n");
}

TEST(VideoText, TellsWhyItFailed) {
  EXPECT_EQ(VideoText(FailedVideo()),
            "name        videos/7\n"
            "state       failed\n"
            "settings    64x48, 9 frames, seed 42, 25 steps, ddim, guidance 7\n"
            "error       a device broke [GPU_FAULT]\n");
}

}  // namespace
}  // namespace ruyi::client
