#include "server/convert/request_from_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/convert/payload_digest.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;
using testing::IsEmpty;
using testing::StartsWith;

v1::GenerateVideoRequest FullRequest() {
  v1::GenerateVideoRequest proto;
  proto.add_start_images()->set_data("first");
  proto.add_start_images()->set_data("second");
  proto.add_end_images()->set_data("last");
  proto.mutable_size()->set_width(640);
  proto.mutable_size()->set_height(384);
  proto.set_frame_count(24);
  proto.set_camera(v1::CAMERA_LEFT);
  proto.set_motion(2);
  proto.set_sampler(v1::SAMPLER_EULER);
  proto.set_steps(12);
  proto.set_guidance_scale(3.5);
  proto.set_seed(std::numeric_limits<uint64_t>::max());
  proto.set_guidance_rescale(0.7);
  proto.set_clip_apply_ratio(0.25);
  proto.mutable_memory()->set_vae_tiling(true);
  proto.mutable_memory()->set_max_vram_mib(12288);
  proto.mutable_execution_timeout()->set_seconds(90);
  proto.mutable_execution_timeout()->set_nanos(500'000'000);
  return proto;
}

// The fields that cannot be read, in order.
std::vector<std::string> WrongFields(const GenerationRequest& request) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : request.unreadable)
    fields.push_back(violation.field);
  return fields;
}

TEST(RequestFromProto, TakesEveryField) {
  const GenerationRequest request = FromProto(FullRequest(), RequestLimits());
  EXPECT_THAT(request.start_images, ElementsAre(FieldsAre("first", ""), FieldsAre("second", "")));
  EXPECT_THAT(request.end_images, ElementsAre(FieldsAre("last", "")));
  EXPECT_EQ(request.size, (PixelSize{.width = 640, .height = 384}));
  EXPECT_EQ(request.base_resolution, std::nullopt);
  EXPECT_EQ(request.frame_count, 24);
  EXPECT_EQ(request.camera, Camera::kLeft);
  EXPECT_EQ(request.motion, 2);
  EXPECT_EQ(request.sampler, SamplerKind::kEuler);
  EXPECT_EQ(request.steps, 12);
  EXPECT_EQ(request.guidance_scale, 3.5);
  EXPECT_EQ(request.seed, std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(request.execution_timeout, absl::Milliseconds(90'500));
  EXPECT_EQ(request.guidance_rescale, 0.7);
  EXPECT_EQ(request.clip_apply_ratio, 0.25);
  EXPECT_EQ(request.vae_tiling, true);
  EXPECT_EQ(request.memory.max_vram_mib, 12288);
  EXPECT_THAT(request.unreadable, IsEmpty());
}

TEST(RequestFromProto, LeavesOutWhatIsAbsent) {
  const GenerationRequest request = FromProto(v1::GenerateVideoRequest(), RequestLimits());
  EXPECT_TRUE(request.start_images.empty());
  EXPECT_TRUE(request.end_images.empty());
  EXPECT_EQ(request.size, std::nullopt);
  EXPECT_EQ(request.base_resolution, std::nullopt);
  EXPECT_EQ(request.frame_count, std::nullopt);
  EXPECT_EQ(request.camera, Camera::kAuto);
  EXPECT_EQ(request.motion, std::nullopt);
  EXPECT_EQ(request.sampler, SamplerKind::kDdim);
  EXPECT_EQ(request.steps, std::nullopt);
  EXPECT_EQ(request.guidance_scale, std::nullopt);
  EXPECT_EQ(request.seed, std::nullopt);
  EXPECT_EQ(request.execution_timeout, absl::InfiniteDuration());
  EXPECT_EQ(request.guidance_rescale, std::nullopt);
  EXPECT_EQ(request.clip_apply_ratio, std::nullopt);
  EXPECT_EQ(request.vae_tiling, std::nullopt);
  EXPECT_THAT(request.unreadable, IsEmpty());
}

TEST(RequestFromProto, KeepsAZeroThatWasSent) {
  v1::GenerateVideoRequest proto;
  proto.set_base_resolution(0);
  proto.set_frame_count(0);
  proto.set_motion(0);
  proto.set_steps(0);
  proto.set_guidance_scale(0);
  proto.set_seed(0);
  proto.mutable_execution_timeout();
  proto.set_guidance_rescale(0);
  proto.set_clip_apply_ratio(0);
  proto.mutable_memory()->set_vae_tiling(false);
  const GenerationRequest request = FromProto(proto, RequestLimits());
  EXPECT_EQ(request.base_resolution, 0);
  EXPECT_EQ(request.frame_count, 0);
  EXPECT_EQ(request.motion, 0);
  EXPECT_EQ(request.steps, 0);
  EXPECT_EQ(request.guidance_scale, 0.0);
  EXPECT_EQ(request.seed, 0u);
  EXPECT_EQ(request.execution_timeout, absl::ZeroDuration());
  EXPECT_EQ(request.guidance_rescale, 0.0);
  EXPECT_EQ(request.clip_apply_ratio, 0.0);
  EXPECT_EQ(request.vae_tiling, false);
}

TEST(RequestFromProto, TakesABaseResolution) {
  v1::GenerateVideoRequest proto;
  proto.set_base_resolution(768);
  const GenerationRequest request = FromProto(proto, RequestLimits());
  EXPECT_EQ(request.base_resolution, 768);
  EXPECT_EQ(request.size, std::nullopt);
}

TEST(RequestFromProto, TakesEveryCamera) {
  const std::vector<std::pair<v1::Camera, Camera>> cameras = {
      {v1::CAMERA_UNSPECIFIED, Camera::kAuto}, {v1::CAMERA_AUTO, Camera::kAuto},   {v1::CAMERA_STATIC, Camera::kStatic},
      {v1::CAMERA_LEFT, Camera::kLeft},        {v1::CAMERA_RIGHT, Camera::kRight}, {v1::CAMERA_UP, Camera::kUp},
      {v1::CAMERA_DOWN, Camera::kDown}};
  EXPECT_EQ(cameras.size(), size_t{v1::Camera_ARRAYSIZE});
  for (const auto& [from, to] : cameras) {
    v1::GenerateVideoRequest proto;
    proto.set_camera(from);
    const GenerationRequest request = FromProto(proto, RequestLimits());
    EXPECT_EQ(request.camera, to) << v1::Camera_Name(from);
  }
}

TEST(RequestFromProto, RefusesCamerasThatItDoesNotKnow) {
  for (const int number : {-1, 7, 1000}) {
    v1::GenerateVideoRequest proto;
    proto.set_camera(static_cast<v1::Camera>(number));
    EXPECT_THAT(FromProto(proto, RequestLimits()).unreadable,
                ElementsAre(FieldsAre("camera", absl::StrCat(number,
                                                             " is no ruyi.v1.Camera; use CAMERA_AUTO, CAMERA_STATIC, "
                                                             "CAMERA_LEFT, CAMERA_RIGHT, CAMERA_UP, CAMERA_DOWN"))));
  }
}

TEST(RequestFromProto, RefusesSamplersThatItDoesNotKnow) {
  for (const int number : {-1, 6, 1000}) {
    v1::GenerateVideoRequest proto;
    proto.set_sampler(static_cast<v1::Sampler>(number));
    EXPECT_THAT(FromProto(proto, RequestLimits()).unreadable,
                ElementsAre(FieldsAre("sampler", StartsWith(absl::StrCat(number,
                                                                         " is no ruyi.v1.Sampler; use SAMPLER_"
                                                                         "DDIM, ")))));
  }
}

TEST(RequestFromProto, TakesEveryQuality) {
  const std::pair<v1::Quality, Quality> qualities[] = {{v1::QUALITY_UNSPECIFIED, Quality::kLossless},
                                                       {v1::QUALITY_LOSSLESS, Quality::kLossless},
                                                       {v1::QUALITY_BALANCED, Quality::kBalanced},
                                                       {v1::QUALITY_FAST, Quality::kFast}};
  EXPECT_EQ(std::size(qualities), size_t{v1::Quality_ARRAYSIZE});
  for (const auto& [from, to] : qualities) {
    v1::GenerateVideoRequest proto;
    proto.set_quality(from);
    EXPECT_EQ(FromProto(proto, RequestLimits()).quality, to);
  }
}

TEST(RequestFromProto, RefusesQualitiesThatItDoesNotKnow) {
  v1::GenerateVideoRequest proto;
  proto.set_quality(static_cast<v1::Quality>(4));
  EXPECT_THAT(FromProto(proto, RequestLimits()).unreadable,
              ElementsAre(FieldsAre("quality",
                                    "4 is no ruyi.v1.Quality; use QUALITY_LOSSLESS, QUALITY_BALANCED, QUALITY_FAST")));
}

TEST(RequestFromProto, TakesEverySampler) {
  const std::pair<v1::Sampler, SamplerKind> samplers[] = {
      {v1::SAMPLER_UNSPECIFIED, SamplerKind::kDdim},
      {v1::SAMPLER_DDIM, SamplerKind::kDdim},
      {v1::SAMPLER_EULER, SamplerKind::kEuler},
      {v1::SAMPLER_EULER_ANCESTRAL, SamplerKind::kEulerAncestral},
      {v1::SAMPLER_DPM_MULTISTEP, SamplerKind::kDpmMultistep},
      {v1::SAMPLER_PNDM, SamplerKind::kPndm},
  };
  for (const auto& [sampler, kind] : samplers) {
    v1::GenerateVideoRequest proto;
    proto.set_sampler(sampler);
    const GenerationRequest request = FromProto(proto, RequestLimits());
    EXPECT_EQ(request.sampler, kind);
    EXPECT_THAT(request.unreadable, IsEmpty());
  }
}

TEST(RequestFromProto, RefusesPicturesWithoutASource) {
  v1::GenerateVideoRequest proto = FullRequest();
  proto.mutable_start_images(1)->clear_source();
  proto.add_end_images();
  EXPECT_THAT(WrongFields(FromProto(proto, RequestLimits())), ElementsAre("start_images[1]", "end_images[1]"));
}

TEST(RequestFromProto, LeavesEmptyPicturesToTheDecoder) {
  v1::GenerateVideoRequest proto;
  proto.add_start_images()->set_data("");
  const GenerationRequest request = FromProto(proto, RequestLimits());
  EXPECT_THAT(request.start_images, ElementsAre(FieldsAre("", "")));
}

TEST(RequestFromProto, TakesTheNameOfAnUpload) {
  v1::GenerateVideoRequest proto;
  proto.add_start_images()->set_image("images/abc");
  EXPECT_THAT(FromProto(proto, RequestLimits()).start_images, ElementsAre(FieldsAre("", "images/abc")));
}

TEST(RequestFromProto, TakesAsManyPicturesAsTheModelDoes) {
  RequestLimits limits;
  limits.max_start_images = 2;
  limits.max_end_images = 1;
  EXPECT_THAT(FromProto(FullRequest(), limits).unreadable, IsEmpty());
  limits.max_start_images = 1;
  limits.max_end_images = 0;
  EXPECT_THAT(FromProto(FullRequest(), limits).unreadable,
              ElementsAre(FieldsAre("start_images", "2 given; send 1 to 1"),
                          FieldsAre("end_images", "1 given; this model takes none")));
}

TEST(RequestFromProto, DoesNotLookIntoAListThatIsTooLong) {
  constexpr int kMany = 40'000;
  v1::GenerateVideoRequest proto;
  for (int i = 0; i < kMany; ++i)
    proto.add_start_images();
  const GenerationRequest request = FromProto(proto, RequestLimits());
  EXPECT_THAT(request.start_images, IsEmpty());
  EXPECT_THAT(request.unreadable, ElementsAre(FieldsAre("start_images", "40000 given; send 1 to 4")));
}

TEST(RequestFromProto, DoesNotLookIntoTooManyLoras) {
  v1::GenerateVideoRequest proto;
  for (int i = 0; i < 5; ++i)
    proto.mutable_acceleration()->add_loras();
  const GenerationRequest request = FromProto(proto, RequestLimits());
  EXPECT_THAT(request.loras, IsEmpty());
  EXPECT_THAT(request.unreadable, ElementsAre(FieldsAre("acceleration.loras", "5 given; send 0 to 4")));
}

TEST(RequestFromProto, RefusesWhatIsNoDuration) {
  constexpr int64_t kMaxSeconds = 315'576'000'000;
  constexpr int64_t kMostSeconds = std::numeric_limits<int64_t>::max();
  const std::vector<std::pair<int64_t, int>> wrong = {
      {kMaxSeconds + 1, 0}, {-kMaxSeconds - 1, 0},        {kMostSeconds, 0}, {-kMostSeconds - 1, 0},
      {0, 1'000'000'000},   {0, -1'000'000'000},          {1, -1},           {-1, 1},
      {5, 2'000'000'000},   {kMostSeconds, 2'000'000'000}};
  for (const auto& [seconds, nanos] : wrong) {
    v1::GenerateVideoRequest proto;
    proto.mutable_execution_timeout()->set_seconds(seconds);
    proto.mutable_execution_timeout()->set_nanos(nanos);
    EXPECT_THAT(WrongFields(FromProto(proto, RequestLimits())), ElementsAre("execution_timeout"))
        << seconds << " s, " << nanos << " ns";
  }
}

TEST(RequestFromProto, TakesDurationsAtTheirLimits) {
  constexpr int64_t kMaxSeconds = 315'576'000'000;
  for (const auto& [seconds, nanos] : std::vector<std::pair<int64_t, int>>{
           {kMaxSeconds, 999'999'999}, {-kMaxSeconds, -999'999'999}, {0, -1}, {0, 1}, {-1, 0}}) {
    v1::GenerateVideoRequest proto;
    proto.mutable_execution_timeout()->set_seconds(seconds);
    proto.mutable_execution_timeout()->set_nanos(nanos);
    const GenerationRequest request = FromProto(proto, RequestLimits());
    EXPECT_EQ(request.execution_timeout, absl::Seconds(seconds) + absl::Nanoseconds(nanos));
  }
}

TEST(JobRequestFromProto, TakesWhatBelongsToTheJob) {
  v1::GenerateVideoRequest proto = FullRequest();
  proto.set_request_id("mine");
  (*proto.mutable_labels())["team"] = "film";
  proto.set_priority(v1::PRIORITY_HIGH);
  proto.set_on_disconnect(v1::ON_DISCONNECT_DETACH);
  proto.set_reuse(v1::REUSE_PREFER);
  const JobRequest request = JobRequestFromProto(proto, RequestLimits());
  EXPECT_EQ(request.generation.steps, 12);
  EXPECT_EQ(request.request_id, "mine");
  EXPECT_EQ(request.payload_digest, PayloadDigest(proto));
  EXPECT_THAT(request.labels, ElementsAre(testing::Pair("team", "film")));
  EXPECT_EQ(request.priority, Priority::kHigh);
  EXPECT_FALSE(request.cancel_on_disconnect);
  EXPECT_TRUE(request.prefers_reuse);
  EXPECT_THAT(request.generation.unreadable, IsEmpty());
}

TEST(JobRequestFromProto, HasDefaults) {
  const JobRequest request = JobRequestFromProto(FullRequest(), RequestLimits());
  EXPECT_EQ(request.request_id, "");
  EXPECT_EQ(request.payload_digest, "");
  EXPECT_EQ(request.priority, Priority::kNormal);
  EXPECT_TRUE(request.cancel_on_disconnect);
  EXPECT_FALSE(request.prefers_reuse);
}

TEST(JobRequestFromProto, ReusesNothingWithoutASeed) {
  v1::GenerateVideoRequest proto = FullRequest();
  proto.clear_seed();
  proto.set_reuse(v1::REUSE_PREFER);
  EXPECT_FALSE(JobRequestFromProto(proto, RequestLimits()).prefers_reuse);
}

TEST(JobRequestFromProto, RefusesNumbersThatItDoesNotKnow) {
  v1::GenerateVideoRequest proto;
  proto.set_priority(static_cast<v1::Priority>(9));
  proto.set_on_disconnect(static_cast<v1::OnDisconnect>(9));
  proto.set_reuse(static_cast<v1::Reuse>(9));
  EXPECT_THAT(WrongFields(JobRequestFromProto(proto, RequestLimits()).generation),
              ElementsAre("priority", "on_disconnect", "reuse"));
}

TEST(JobRequestFromProto, DoesNotLookIntoTooManyLabels) {
  v1::GenerateVideoRequest proto;
  for (int i = 0; i <= kMaxLabels; ++i)
    (*proto.mutable_labels())[absl::StrCat(i)] = "";
  const JobRequest request = JobRequestFromProto(proto, RequestLimits());
  EXPECT_THAT(request.labels, IsEmpty());
  EXPECT_THAT(request.generation.unreadable, ElementsAre(FieldsAre("labels", "33 given; send 0 to 32")));
}

TEST(EstimateFromProto, TakesTheRequestAndTheMemoryOfTheDevice) {
  v1::EstimateVideoRequest proto;
  *proto.mutable_request() = FullRequest();
  proto.set_vram_mib(12288);
  const EstimateRequest request = FromProto(proto, RequestLimits());
  EXPECT_EQ(request.job.generation.steps, 12);
  EXPECT_EQ(request.budget_bytes, int64_t{12} << 30);
  EXPECT_THAT(request.job.generation.unreadable, IsEmpty());
}

TEST(EstimateFromProto, LeavesTheMemoryToTheServer) {
  EXPECT_EQ(FromProto(v1::EstimateVideoRequest(), RequestLimits()).budget_bytes, std::nullopt);
}

TEST(EstimateFromProto, RefusesADeviceWithoutMemory) {
  for (const int mib : {0, -1}) {
    v1::EstimateVideoRequest proto;
    proto.set_vram_mib(mib);
    EXPECT_THAT(FromProto(proto, RequestLimits()).job.generation.unreadable,
                ElementsAre(FieldsAre("vram_mib", absl::StrCat(mib, " is out of range; use 1 or more"))));
  }
}

TEST(RequestFromProto, TellsAllViolationsAtOnce) {
  v1::GenerateVideoRequest proto;
  proto.add_start_images();
  proto.add_end_images();
  proto.set_camera(static_cast<v1::Camera>(99));
  proto.set_sampler(static_cast<v1::Sampler>(99));
  proto.mutable_execution_timeout()->set_nanos(-1'000'000'000);
  proto.mutable_acceleration()->mutable_fp8()->set_mode(static_cast<v1::Fp8Mode>(99));
  proto.mutable_memory()->set_policy(static_cast<v1::MemoryPolicy>(99));
  EXPECT_THAT(WrongFields(FromProto(proto, RequestLimits())),
              ElementsAre("start_images[0]", "end_images[0]", "camera", "sampler", "acceleration.fp8.mode",
                          "memory.policy", "execution_timeout"));
}

}  // namespace
}  // namespace ruyi
