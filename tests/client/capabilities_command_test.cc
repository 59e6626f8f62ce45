#include "client/capabilities_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/client/client_process.h"
#include "tests/client/fake_server.h"
#include "tests/client/scripted_events.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::HasSubstr;

v1::IntRange Range(int min, int max, int default_value) {
  v1::IntRange range;
  range.set_min(min);
  range.set_max(max);
  range.set_default_(default_value);
  return range;
}

v1::DoubleRange Range(double min, double max, double default_value) {
  v1::DoubleRange range;
  range.set_min(min);
  range.set_max(max);
  range.set_default_(default_value);
  return range;
}

v1::Capabilities Demo() {
  v1::Capabilities capabilities;
  capabilities.set_model("ruyi-demo");
  capabilities.set_version("0.1.0");
  capabilities.add_samplers(v1::SAMPLER_DDIM);
  capabilities.add_samplers(v1::SAMPLER_EULER_ANCESTRAL);
  capabilities.set_frames_per_second(24);
  capabilities.set_queue_capacity(8);
  capabilities.mutable_fp8()->set_mode(v1::FP8_MODE_NONE);
  for (const v1::Fp8Mode mode : {v1::FP8_MODE_NONE, v1::FP8_MODE_LITE, v1::FP8_MODE_STRONG})
    capabilities.add_fp8_modes(mode);
  capabilities.add_profiles()->set_quality(v1::QUALITY_LOSSLESS);
  v1::QualityProfile& balanced = *capabilities.add_profiles();
  balanced.set_quality(v1::QUALITY_BALANCED);
  balanced.mutable_acceleration()->mutable_guidance_gate()->set_start_ratio(0.75);
  v1::QualityProfile& fast = *capabilities.add_profiles();
  fast.set_quality(v1::QUALITY_FAST);
  v1::EasyCache& cache = *fast.mutable_acceleration()->mutable_easy_cache();
  cache.set_threshold(0.1);
  cache.set_skip_start_steps(4);
  cache.set_skip_end_steps(2);
  fast.mutable_acceleration()->mutable_guidance_gate()->set_start_ratio(0.5);
  capabilities.add_loras("film");
  capabilities.add_loras("sketch");
  v1::Limits& limits = *capabilities.mutable_limits();
  *limits.mutable_base_resolution() = Range(384, 896, 512);
  *limits.mutable_frame_count() = Range(8, 120, 120);
  *limits.mutable_steps() = Range(1, 100, 25);
  *limits.mutable_guidance_scale() = Range(1.0, 20.0, 7.5);
  *limits.mutable_guidance_rescale() = Range(0.0, 1.0, 0.25);
  *limits.mutable_clip_apply_ratio() = Range(0.0, 1.0, 0.4);
  *limits.mutable_tea_cache_threshold() = Range(0.0, 1.0, 0.1);
  *limits.mutable_enhance_weight() = Range(0.0, 10.0, 1.0);
  *limits.mutable_lora_strength() = Range(-10.0, 10.0, 1.0);
  *limits.mutable_easy_cache_threshold() = Range(0.0, 1.0, 0.05);
  *limits.mutable_guidance_gate_start_ratio() = Range(0.0, 1.0, 0.5);
  limits.set_max_loras(3);
  limits.set_frame_multiple(8);
  limits.set_size_multiple(16);
  limits.set_min_side(256);
  limits.set_max_side(1024);
  limits.set_max_start_images(4);
  limits.set_max_end_images(3);
  limits.set_max_image_bytes(1000);
  limits.set_max_image_pixels(2000);
  return capabilities;
}

TEST(CapabilitiesText, HasALineForEachFlag) {
  EXPECT_EQ(CapabilitiesText(Demo()),
            "model               ruyi-demo\n"
            "version             0.1.0\n"
            "pictures            --image 1 to 4, --end-image up to 3; each of at most 1000 bytes and 2000 pixels\n"
            "--frames            8 to 120, default 120, multiples of 8; 24 a second\n"
            "--resolution        384 to 896, default 512\n"
            "--size              sides of 256 to 1024 pixels, multiples of 16\n"
            "--sampler           ddim, euler-ancestral\n"
            "--steps             1 to 100, default 25\n"
            "--guidance          1 to 20, default 7.5\n"
            "--guidance-rescale  0 to 1, default 0.25\n"
            "--clip-apply-ratio  0 to 1, default 0.4\n"
            "--lora              film, sketch; up to 3, strength -10 to 10, default 1\n"
            "--fp8               none, lite, strong; default none\n"
            "--fp8-type          e4m3fn, e5m2\n"
            "--fp8-arithmetic    widened, scaled\n"
            "--tea-cache         0 to 1, such as 0.1; off when left out\n"
            "--enhance           0 to 10, such as 1; off when left out\n"
            "--easy-cache        0 to 1, such as 0.05; off when left out\n"
            "--guidance-gate     within 0 to 1, such as 0.5; off when left out\n"
            "--quality           lossless: nothing is approximated; balanced: --guidance-gate 0.75; fast: --easy-cache "
            "0.1 --easy-cache-skip 4,2 --guidance-gate 0.5\n"
            "queue               8 may wait\n");
}

TEST(CapabilitiesText, ListsTheOnlySizes) {
  v1::Capabilities capabilities = Demo();
  for (int width : {96, 64}) {
    v1::Size& size = *capabilities.mutable_limits()->add_sizes();
    size.set_width(width);
    size.set_height(64);
  }
  EXPECT_THAT(CapabilitiesText(capabilities), HasSubstr("--size              96x64, 64x64\n"));
}

TEST(CapabilitiesText, SaysThatThereAreNoLoras) {
  v1::Capabilities none = Demo();
  none.clear_loras();
  EXPECT_THAT(CapabilitiesText(none), HasSubstr("\n--lora              none\n"));
  v1::Capabilities not_taken = Demo();
  not_taken.mutable_limits()->set_max_loras(0);
  EXPECT_THAT(CapabilitiesText(not_taken), HasSubstr("\n--lora              none\n"));
}

TEST(CapabilitiesText, SaysHowWeightsLieInEightBits) {
  v1::Capabilities capabilities = Demo();
  capabilities.mutable_fp8()->set_mode(v1::FP8_MODE_STRONG);
  capabilities.mutable_fp8()->set_type(v1::FP8_TYPE_E5M2);
  capabilities.mutable_fp8()->set_arithmetic(v1::FP8_ARITHMETIC_WIDENED);
  capabilities.clear_fp8_modes();
  capabilities.add_fp8_modes(v1::FP8_MODE_STRONG);
  EXPECT_THAT(CapabilitiesText(capabilities),
              HasSubstr("\n--fp8               strong; default strong\n--fp8-type          e5m2\n"
                        "--fp8-arithmetic    widened\n"));
}

class CapabilitiesCommandTest : public testing::Test {
 protected:
  ClientResult Run(std::vector<std::string> arguments, std::vector<std::string> environment) {
    return ClientProcess(folder_.path(), std::move(arguments), std::move(environment)).Wait();
  }

  TemporaryFolder folder_;
  FakeServer server_;
};

TEST_F(CapabilitiesCommandTest, PrintsTextOfTheServerInTheVariable) {
  server_.Answer(Demo());
  const ClientResult result = Run({"capabilities"}, {"RUYI_SERVER=" + server_.address()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, CapabilitiesText(Demo()));
}

TEST_F(CapabilitiesCommandTest, PrintsOneJsonObject) {
  server_.Answer(Demo());
  const ClientResult result = Run({"capabilities", "--json", "--server", server_.address()}, {});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const nlohmann::json json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["limits"]["frame_count"]["max"], 120);
  EXPECT_EQ(json["samplers"], (nlohmann::json{"SAMPLER_DDIM", "SAMPLER_EULER_ANCESTRAL"}));
}

TEST_F(CapabilitiesCommandTest, SaysThatTheModelLoads) {
  server_.Refuse(ToGrpc(DetailedStatus(grpc::UNAVAILABLE, "the model loads", "MODEL_LOADING", {}, 2000)));
  const ClientResult result = Run({"capabilities", "--server", server_.address()}, {});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "error: the model loads [MODEL_LOADING]\n  try again in 2 s\n");
}

TEST_F(CapabilitiesCommandTest, NamesTheAddressWhereNobodyAnswers) {
  const ClientResult result = Run({"capabilities", "--server", "127.0.0.1:1"}, {});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, HasSubstr("no server answers at 127.0.0.1:1"));
}

}  // namespace
}  // namespace ruyi::client
