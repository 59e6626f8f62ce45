#include "client/generate_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/choices.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::HasSubstr;

std::string ErrorOf(const RequestOptions& options) {
  return std::string(MakeGenerateRequest(options).status().message());
}

TEST(GenerateRequest, LeavesOutWhatWasNotGiven) {
  const auto request = MakeGenerateRequest({});
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->ByteSizeLong(), 0);
}

TEST(GenerateRequest, NamesUploads) {
  const std::string name = "images/" + std::string(64, 'a');
  const auto request = MakeGenerateRequest({.images = {name}});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->start_images(0).image(), name);
}

TEST(GenerateRequest, TakesOtherNamesForFiles) {
  for (const std::string name : {"images/photo.png", "images/aa", "images/"})
    EXPECT_FALSE(MakeGenerateRequest({.images = {name}}).ok()) << name;
}

TEST(GenerateRequest, CarriesPicturesAndOptions) {
  const TemporaryFolder folder;
  const auto request = MakeGenerateRequest({.images = {folder.Write("a.png", "A"), folder.Write("b.png", "B")},
                                            .end_images = {folder.Write("c.png", std::string("C\0D", 3))},
                                            .frames = 0,
                                            .size = FrameSize{768, 512},
                                            .camera = "up",
                                            .motion = 2,
                                            .sampler = "pndm",
                                            .steps = 9,
                                            .guidance = 5.5,
                                            .seed = 0});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->start_images(1).data(), "B");
  EXPECT_EQ(request->end_images(0).data(), std::string("C\0D", 3));
  EXPECT_TRUE(request->has_frame_count());
  EXPECT_EQ(request->size().width(), 768);
  EXPECT_EQ(request->size().height(), 512);
  EXPECT_EQ(request->camera(), v1::CAMERA_UP);
  EXPECT_EQ(request->motion(), 2);
  EXPECT_EQ(request->sampler(), v1::SAMPLER_PNDM);
  EXPECT_EQ(request->steps(), 9);
  EXPECT_EQ(request->guidance_scale(), 5.5);
  EXPECT_TRUE(request->has_seed());
  EXPECT_FALSE(request->has_execution_timeout());
}

TEST(GenerateRequest, CarriesTheResolution) {
  EXPECT_EQ(MakeGenerateRequest({.resolution = 512})->base_resolution(), 512);
}

TEST(GenerateRequest, CarriesEveryOption) {
  const auto request = MakeGenerateRequest({.guidance_rescale = 0,
                                            .clip_apply_ratio = 0.25,
                                            .loras = {{.name = "film"}, {.name = "sketch", .strength = 0}},
                                            .fp8 = "strong",
                                            .fp8_type = "e4m3fn",
                                            .fp8_arithmetic = "scaled",
                                            .tea_cache = {.threshold = 0, .skip = SkippedEnds{4, 5}, .offload = true},
                                            .enhance = {.weight = 2.5, .skip = SkippedEnds{0, 7}},
                                            .easy_cache = {.threshold = 0, .skip = SkippedEnds{6, 8}},
                                            .guidance_gate = 0,
                                            .quality = "balanced",
                                            .memory = {.vae_tiling = false}});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_TRUE(request->has_guidance_rescale());
  EXPECT_EQ(request->clip_apply_ratio(), 0.25);
  EXPECT_TRUE(request->memory().has_vae_tiling());
  EXPECT_FALSE(request->memory().vae_tiling());
  const v1::Acceleration& acceleration = request->acceleration();
  EXPECT_EQ(acceleration.loras(0).name(), "film");
  EXPECT_FALSE(acceleration.loras(0).has_strength());
  EXPECT_EQ(acceleration.loras(1).name(), "sketch");
  EXPECT_TRUE(acceleration.loras(1).has_strength());
  EXPECT_EQ(acceleration.fp8().mode(), v1::FP8_MODE_STRONG);
  EXPECT_EQ(acceleration.fp8().type(), v1::FP8_TYPE_E4M3FN);
  EXPECT_EQ(acceleration.fp8().arithmetic(), v1::FP8_ARITHMETIC_SCALED);
  EXPECT_TRUE(acceleration.tea_cache().has_threshold());
  EXPECT_EQ(acceleration.tea_cache().skip_start_steps(), 4);
  EXPECT_EQ(acceleration.tea_cache().skip_end_steps(), 5);
  EXPECT_TRUE(acceleration.tea_cache().offload());
  EXPECT_EQ(acceleration.enhance_a_video().weight(), 2.5);
  EXPECT_TRUE(acceleration.enhance_a_video().has_skip_start_steps());
  EXPECT_EQ(acceleration.enhance_a_video().skip_end_steps(), 7);
  EXPECT_TRUE(acceleration.easy_cache().has_threshold());
  EXPECT_EQ(acceleration.easy_cache().skip_start_steps(), 6);
  EXPECT_EQ(acceleration.easy_cache().skip_end_steps(), 8);
  EXPECT_TRUE(acceleration.guidance_gate().has_start_ratio());
  EXPECT_EQ(request->quality(), v1::QUALITY_BALANCED);
}

TEST(GenerateRequest, CarriesTheMemory) {
  const auto request = MakeGenerateRequest({.memory = {.policy = "fastest",
                                                       .max_vram_mib = 12288,
                                                       .max_host_mib = 65536,
                                                       .resident_blocks = 0,
                                                       .resident_states = 5}});
  ASSERT_TRUE(request.ok()) << request.status();
  const v1::Memory& memory = request->memory();
  EXPECT_FALSE(memory.has_vae_tiling());
  EXPECT_EQ(memory.policy(), v1::MEMORY_POLICY_FASTEST);
  EXPECT_EQ(memory.max_vram_mib(), 12288);
  EXPECT_EQ(memory.max_host_mib(), 65536);
  EXPECT_TRUE(memory.has_resident_blocks());
  EXPECT_EQ(memory.resident_blocks(), 0);
  EXPECT_EQ(memory.resident_states(), 5);
}

TEST(GenerateRequest, LeavesTheSkippedStepsToTheServer) {
  const auto request = MakeGenerateRequest(
      {.tea_cache = {.threshold = 0.1}, .enhance = {.weight = 1}, .easy_cache = {.threshold = 0.1}});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_FALSE(request->acceleration().tea_cache().has_skip_start_steps());
  EXPECT_FALSE(request->acceleration().tea_cache().has_skip_end_steps());
  EXPECT_FALSE(request->acceleration().enhance_a_video().has_skip_start_steps());
  EXPECT_FALSE(request->acceleration().enhance_a_video().has_skip_end_steps());
  EXPECT_FALSE(request->acceleration().easy_cache().has_skip_start_steps());
  EXPECT_FALSE(request->acceleration().easy_cache().has_skip_end_steps());
  EXPECT_FALSE(request->acceleration().has_guidance_gate());
  EXPECT_EQ(request->quality(), v1::QUALITY_UNSPECIFIED);
  EXPECT_FALSE(request->acceleration().has_fp8());
}

TEST(GenerateRequest, NamesThePictureThatCannotBeRead) {
  const TemporaryFolder folder;
  const std::string good = folder.Write("good.png", "x");
  const std::string none = folder.path() / "none.png";
  EXPECT_THAT(ErrorOf({.images = {good, none}}), HasSubstr("--image number 2 (" + none + ") cannot be read"));
  EXPECT_THAT(ErrorOf({.images = {none}}), HasSubstr("No such file"));
  EXPECT_EQ(ErrorOf({.images = {folder.path()}}), "--image number 1 (" + folder.path().string() + ") is a folder");
  const std::string empty = folder.Write("empty.png", "");
  EXPECT_EQ(ErrorOf({.images = {good}, .end_images = {empty}}), "--end-image number 1 (" + empty + ") is empty");
  EXPECT_THAT(ErrorOf({.images = {"/dev/zero"}}), HasSubstr("--image number 1 (/dev/zero) has more than 64 MiB"));
}

TEST(Choices, EveryWordHasItsValue) {
  for (const std::string& name : CameraNames()) {
    EXPECT_NE(CameraOfName(name), v1::CAMERA_UNSPECIFIED) << name;
  }
  EXPECT_EQ(static_cast<int>(CameraNames().size()), v1::Camera_ARRAYSIZE - 1);
  for (const std::string& name : SamplerNames()) {
    EXPECT_EQ(NameOfSampler(SamplerOfName(name)), name);
  }
  EXPECT_EQ(static_cast<int>(SamplerNames().size()), v1::Sampler_ARRAYSIZE - 1);
  for (const std::string& name : Fp8ModeNames()) {
    EXPECT_EQ(NameOfFp8Mode(Fp8ModeOfName(name)), name);
  }
  EXPECT_EQ(static_cast<int>(Fp8ModeNames().size()), v1::Fp8Mode_ARRAYSIZE - 1);
  for (const std::string& name : Fp8TypeNames()) {
    EXPECT_EQ(NameOfFp8Type(Fp8TypeOfName(name)), name);
  }
  EXPECT_EQ(static_cast<int>(Fp8TypeNames().size()), v1::Fp8Type_ARRAYSIZE - 1);
  for (const std::string& name : Fp8ArithmeticNames()) {
    EXPECT_EQ(NameOfFp8Arithmetic(Fp8ArithmeticOfName(name)), name);
  }
  EXPECT_EQ(static_cast<int>(Fp8ArithmeticNames().size()), v1::Fp8Arithmetic_ARRAYSIZE - 1);
  for (const std::string& name : MemoryPolicyNames())
    EXPECT_NE(MemoryPolicyOfName(name), v1::MEMORY_POLICY_UNSPECIFIED) << name;
  EXPECT_EQ(static_cast<int>(MemoryPolicyNames().size()), v1::MemoryPolicy_ARRAYSIZE - 1);
}

TEST(Choices, AnUnknownValueHasItsNumber) {
  EXPECT_EQ(NameOfSampler(static_cast<v1::Sampler>(17)), "sampler 17");
  EXPECT_EQ(NameOfFp8Mode(static_cast<v1::Fp8Mode>(17)), "mode 17");
  EXPECT_EQ(NameOfFp8Type(static_cast<v1::Fp8Type>(17)), "type 17");
  EXPECT_EQ(NameOfFp8Arithmetic(static_cast<v1::Fp8Arithmetic>(17)), "arithmetic 17");
}

}  // namespace
}  // namespace ruyi::client
