#include "client/flag_names.h"

#include <gtest/gtest.h>

namespace ruyi::client {
namespace {

TEST(FlagNames, GivesEachFieldItsFlag) {
  const FlagNames flags{RequestOptions()};
  EXPECT_EQ(flags.Of("start_images"), "--image");
  EXPECT_EQ(flags.Of("end_images"), "--end-image");
  EXPECT_EQ(flags.Of("base_resolution"), "--resolution");
  EXPECT_EQ(flags.Of("resolution"), "--resolution or --size");
  EXPECT_EQ(flags.Of("size"), "--size");
  EXPECT_EQ(flags.Of("size.width"), "--size");
  EXPECT_EQ(flags.Of("frame_count"), "--frames");
  EXPECT_EQ(flags.Of("camera"), "--camera");
  EXPECT_EQ(flags.Of("motion"), "--motion");
  EXPECT_EQ(flags.Of("sampler"), "--sampler");
  EXPECT_EQ(flags.Of("steps"), "--steps");
  EXPECT_EQ(flags.Of("guidance_scale"), "--guidance");
  EXPECT_EQ(flags.Of("seed"), "--seed");
  EXPECT_EQ(flags.Of("guidance_rescale"), "--guidance-rescale");
  EXPECT_EQ(flags.Of("clip_apply_ratio"), "--clip-apply-ratio");
  EXPECT_EQ(flags.Of("request_id"), "--request-id");
  EXPECT_EQ(flags.Of("labels[a]"), "--label");
  EXPECT_EQ(flags.Of("priority"), "--priority");
  EXPECT_EQ(flags.Of("preview.every_steps"), "--preview");
  EXPECT_EQ(flags.Of("encoding.crf"), "--crf");
  EXPECT_EQ(flags.Of("encoding.preset"), "--encoder-preset");
  EXPECT_EQ(flags.Of("encoding.fragment_frames"), "--fragment-frames");
  EXPECT_EQ(flags.Of("encoding.faststart"), "--faststart");
  EXPECT_EQ(flags.Of("reuse"), "--reuse");
  EXPECT_EQ(flags.Of("request.frame_count"), "--frames");
  EXPECT_EQ(flags.Of("memory.vae_tiling"), "--vae-tiling");
  EXPECT_EQ(flags.Of("memory.policy"), "--memory");
  EXPECT_EQ(flags.Of("memory.max_vram_mib"), "--max-vram");
  EXPECT_EQ(flags.Of("memory.max_host_mib"), "--max-host");
  EXPECT_EQ(flags.Of("memory.resident_blocks"), "--resident-blocks");
  EXPECT_EQ(flags.Of("memory.resident_states"), "--resident-states");
  EXPECT_EQ(flags.Of("vram_mib"), "--vram");
}

TEST(FlagNames, GivesEachFieldOfTheAccelerationItsFlag) {
  const FlagNames flags{RequestOptions()};
  EXPECT_EQ(flags.Of("acceleration.fp8"), "--fp8");
  EXPECT_EQ(flags.Of("acceleration.fp8.mode"), "--fp8");
  EXPECT_EQ(flags.Of("acceleration.fp8.type"), "--fp8-type");
  EXPECT_EQ(flags.Of("acceleration.fp8.arithmetic"), "--fp8-arithmetic");
  EXPECT_EQ(flags.Of("acceleration.tea_cache.threshold"), "--tea-cache");
  EXPECT_EQ(flags.Of("acceleration.tea_cache.skip_start_steps"), "START of --tea-cache-skip");
  EXPECT_EQ(flags.Of("acceleration.tea_cache.skip_end_steps"), "END of --tea-cache-skip");
  EXPECT_EQ(flags.Of("acceleration.tea_cache.offload"), "--tea-cache-offload");
  EXPECT_EQ(flags.Of("acceleration.enhance_a_video.weight"), "--enhance");
  EXPECT_EQ(flags.Of("acceleration.enhance_a_video.skip_start_steps"), "START of --enhance-skip");
  EXPECT_EQ(flags.Of("acceleration.enhance_a_video.skip_end_steps"), "END of --enhance-skip");
  EXPECT_EQ(flags.Of("acceleration.easy_cache"), "--easy-cache");
  EXPECT_EQ(flags.Of("acceleration.easy_cache.threshold"), "--easy-cache");
  EXPECT_EQ(flags.Of("acceleration.easy_cache.skip_start_steps"), "START of --easy-cache-skip");
  EXPECT_EQ(flags.Of("acceleration.easy_cache.skip_end_steps"), "END of --easy-cache-skip");
  EXPECT_EQ(flags.Of("acceleration.guidance_gate"), "--guidance-gate");
  EXPECT_EQ(flags.Of("acceleration.guidance_gate.start_ratio"), "--guidance-gate");
  EXPECT_EQ(flags.Of("quality"), "--quality");
  EXPECT_EQ(flags.Of("acceleration.loras"), "--lora");
}

TEST(FlagNames, NamesTheLora) {
  const FlagNames flags({.loras = {{.name = "film"}, {.name = "sketch", .strength = 2}}});
  EXPECT_EQ(flags.Of("acceleration.loras[1].name"), "--lora number 2 (sketch)");
  EXPECT_EQ(flags.Of("acceleration.loras[0].strength"), "--lora number 1 (film)");
  EXPECT_EQ(flags.Of("acceleration.loras[2].name"), "--lora");
}

TEST(FlagNames, LeavesAFieldThatOnlyBeginsAlikeAsItIs) {
  const FlagNames flags{RequestOptions()};
  EXPECT_EQ(flags.Of("size_hint"), "size_hint");
  EXPECT_EQ(flags.Of("acceleration"), "acceleration");
}

TEST(FlagNames, NamesThePicture) {
  const FlagNames flags({.images = {"a.png", "b.png"}, .end_images = {"c.png"}});
  EXPECT_EQ(flags.Of("start_images[1]"), "--image number 2 (b.png)");
  EXPECT_EQ(flags.Of("start_images[0].data"), "--image number 1 (a.png)");
  EXPECT_EQ(flags.Of("end_images[0]"), "--end-image number 1 (c.png)");
}

TEST(FlagNames, LeavesAwayAPictureThatWasNotGiven) {
  const FlagNames flags({.images = {"a.png"}});
  EXPECT_EQ(flags.Of("start_images[1]"), "--image");
  EXPECT_EQ(flags.Of("start_images[-1]"), "--image");
  EXPECT_EQ(flags.Of("end_images[0]"), "--end-image");
}

TEST(FlagNames, LeavesAFieldWithoutFlagAsItIs) {
  const FlagNames flags{RequestOptions()};
  EXPECT_EQ(flags.Of("execution_timeout.seconds"), "execution_timeout.seconds");
  EXPECT_EQ(flags.Of(""), "");
}

}  // namespace
}  // namespace ruyi::client
