#include "server/convert/settings_to_proto.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

TEST(SettingsToProto, SaysWhatTheVideoIsMadeWith) {
  VideoSpec spec = TestSpec();
  spec.camera = Camera::kUp;
  spec.motion = 3;
  spec.seed = ~uint64_t{0};
  spec.execution_timeout = absl::Seconds(90);
  const v1::VideoSettings settings = SettingsOf(spec);
  EXPECT_EQ(settings.size().width(), 64);
  EXPECT_EQ(settings.size().height(), 32);
  EXPECT_EQ(settings.frame_count(), 8);
  EXPECT_EQ(settings.frames_per_second(), 24);
  EXPECT_EQ(settings.camera(), v1::CAMERA_UP);
  EXPECT_EQ(settings.motion(), 3);
  EXPECT_EQ(settings.sampler(), v1::SAMPLER_DDIM);
  EXPECT_EQ(settings.steps(), 3);
  EXPECT_EQ(settings.guidance_scale(), 7.0);
  EXPECT_EQ(settings.seed(), ~uint64_t{0});
  EXPECT_EQ(settings.execution_timeout().seconds(), 90);
}

TEST(SettingsToProto, SaysTheOptions) {
  VideoSpec spec = TestSpec();
  spec.guidance_rescale = 0.7;
  spec.clip_apply_ratio = 0.25;
  spec.vae_tiling = false;
  spec.loras = {{.name = "film", .strength = 0.5}};
  spec.encoding.crf = 30;
  spec.preview = {.every_steps = 2, .width = 320};
  const v1::VideoSettings settings = SettingsOf(spec);
  EXPECT_EQ(settings.guidance_rescale(), 0.7);
  EXPECT_EQ(settings.clip_apply_ratio(), 0.25);
  EXPECT_TRUE(settings.memory().has_vae_tiling());
  EXPECT_FALSE(settings.memory().vae_tiling());
  EXPECT_EQ(settings.acceleration().loras(0).name(), "film");
  EXPECT_EQ(settings.encoding().crf(), 30);
  EXPECT_EQ(settings.preview().every_steps(), 2);
}

TEST(SettingsToProto, LeavesOutWhatIsOffOrLeftToTheModel) {
  const v1::VideoSettings settings = SettingsOf(TestSpec());
  EXPECT_FALSE(settings.has_motion());
  EXPECT_FALSE(settings.memory().has_vae_tiling());
  EXPECT_FALSE(settings.has_preview());
  EXPECT_FALSE(settings.has_execution_timeout());
}

TEST(SettingsToProto, EveryCameraHasItsNumber) {
  for (const auto& [from, to] : std::vector<std::pair<Camera, v1::Camera>>{{Camera::kAuto, v1::CAMERA_AUTO},
                                                                           {Camera::kStatic, v1::CAMERA_STATIC},
                                                                           {Camera::kLeft, v1::CAMERA_LEFT},
                                                                           {Camera::kRight, v1::CAMERA_RIGHT},
                                                                           {Camera::kUp, v1::CAMERA_UP},
                                                                           {Camera::kDown, v1::CAMERA_DOWN}}) {
    VideoSpec spec = TestSpec();
    spec.camera = from;
    EXPECT_EQ(SettingsOf(spec).camera(), to);
  }
}

TEST(SettingsToProto, EverySamplerHasItsNumber) {
  for (const auto& [from, to] :
       std::vector<std::pair<SamplerKind, v1::Sampler>>{{SamplerKind::kDdim, v1::SAMPLER_DDIM},
                                                        {SamplerKind::kEuler, v1::SAMPLER_EULER},
                                                        {SamplerKind::kEulerAncestral, v1::SAMPLER_EULER_ANCESTRAL},
                                                        {SamplerKind::kDpmMultistep, v1::SAMPLER_DPM_MULTISTEP},
                                                        {SamplerKind::kPndm, v1::SAMPLER_PNDM}}) {
    VideoSpec spec = TestSpec();
    spec.sampler = from;
    EXPECT_EQ(SettingsOf(spec).sampler(), to);
  }
}

}  // namespace
}  // namespace ruyi
