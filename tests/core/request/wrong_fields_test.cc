// Tests what Validate says about each field that is wrong, alone and together with others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <ostream>
#include <string>

#include "core/base/error_reasons.h"
#include "tests/core/request/validation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;
using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct WrongField {
  const char* name;
  std::function<void(GenerationRequest&)> spoil;
  const char* field;
  const char* description;
};

void PrintTo(const WrongField& wrong, std::ostream* out) {
  *out << wrong.name;
}

const WrongField kWrongFields[] = {
    {"NoStartImage", [](auto& r) { r.start_images.clear(); }, "start_images", "0 given; send 1 to 4"},
    {"FiveStartImages", [](auto& r) { r.start_images.resize(5); }, "start_images", "5 given; send 1 to 4"},
    {"FiveEndImages", [](auto& r) { r.end_images.resize(5); }, "end_images", "5 given; send 0 to 4"},
    {"DamagedStartImage", [](auto& r) { r.start_images.push_back({.data = "junk"}); }, "start_images[1]",
     "not a picture"},
    {"DamagedEndImage", [](auto& r) { r.end_images = Pictures({"junk"}); }, "end_images[0]", "not a picture"},
    {"SmallBase", [](auto& r) { r.base_resolution = 383; }, "base_resolution", "383 is out of range; use 384 to 896"},
    {"LargeBase", [](auto& r) { r.base_resolution = 897; }, "base_resolution", "897 is out of range; use 384 to 896"},
    {"SmallWidth", [](auto& r) { r.size = {255, 512}; }, "size.width", "255 is out of range; use 256 to 1344"},
    {"LargeWidth", [](auto& r) { r.size = {1345, 512}; }, "size.width", "1345 is out of range; use 256 to 1344"},
    {"OddWidth", [](auto& r) { r.size = {500, 512}; }, "size.width", "500 is not a multiple of 16; use 496 or 512"},
    {"SmallHeight", [](auto& r) { r.size = {512, -1}; }, "size.height", "-1 is out of range; use 256 to 1344"},
    {"LargeHeight", [](auto& r) { r.size = {512, 1360}; }, "size.height", "1360 is out of range; use 256 to 1344"},
    {"OddHeight", [](auto& r) { r.size = {512, 1343}; }, "size.height", "1343 is not a multiple of 16; use 1328 or"},
    {"FewFrames", [](auto& r) { r.frame_count = 7; }, "frame_count", "7 is out of range; use 8 to 120"},
    {"ManyFrames", [](auto& r) { r.frame_count = 128; }, "frame_count", "128 is out of range; use 8 to 120"},
    {"OddFrames", [](auto& r) { r.frame_count = 20; }, "frame_count", "20 is not a multiple of 8; use 16 or 24"},
    {"NoMotion", [](auto& r) { r.motion = 0; }, "motion", "0 is out of range; use 1 to 4, or leave it out for auto"},
    {"MuchMotion", [](auto& r) { r.motion = 5; }, "motion", "5 is out of range; use 1 to 4"},
    {"NoSteps", [](auto& r) { r.steps = 0; }, "steps", "0 is out of range; use 1 to 100"},
    {"ManySteps", [](auto& r) { r.steps = 101; }, "steps", "101 is out of range; use 1 to 100"},
    {"FewPndmSteps",
     [](auto& r) {
       r.sampler = SamplerKind::kPndm;
       r.steps = 3;
     },
     "steps", "3 is too few for the sampler PNDM; use 4 or more"},
    {"NegativeThreshold", [](auto& r) { r.tea_cache = {.threshold = -0.1}; }, "acceleration.tea_cache.threshold",
     "-0.1 is out of range; use 0 to 1"},
    {"NanThreshold", [](auto& r) { r.tea_cache = {.threshold = kNan}; }, "acceleration.tea_cache.threshold",
     "nan is out of range; use 0 to 1"},
    {"LargeThreshold", [](auto& r) { r.tea_cache = {.threshold = 1.5}; }, "acceleration.tea_cache.threshold",
     "use 0 to 1"},
    {"NoComputedStart", [](auto& r) { r.tea_cache = {.skip_start_steps = 0}; },
     "acceleration.tea_cache.skip_start_steps", "0 is out of range; use 1 to 100"},
    {"NoComputedEnd", [](auto& r) { r.tea_cache = {.skip_end_steps = 0}; }, "acceleration.tea_cache.skip_end_steps",
     "0 is out of range; use 1 to 100"},
    {"ManyComputedSteps", [](auto& r) { r.tea_cache = {.skip_start_steps = 101}; },
     "acceleration.tea_cache.skip_start_steps", "101 is out of range; use 1 to 100"},
    {"NegativeEnhance", [](auto& r) { r.enhance = {.weight = -1}; }, "acceleration.enhance_a_video.weight",
     "-1 is out of range; use 0 to 10"},
    {"InfiniteEnhance", [](auto& r) { r.enhance = {.weight = kInfinity}; }, "acceleration.enhance_a_video.weight",
     "inf is out of range; use 0 to 10"},
    {"ManyPlainSteps", [](auto& r) { r.enhance = {.skip_end_steps = 101}; },
     "acceleration.enhance_a_video.skip_end_steps", "101 is out of range; use 0 to 100"},
    {"NegativeEasyThreshold", [](auto& r) { r.easy_cache = {.threshold = -0.1}; }, "acceleration.easy_cache.threshold",
     "-0.1 is out of range; use 0 to 1"},
    {"NanEasyThreshold", [](auto& r) { r.easy_cache = {.threshold = kNan}; }, "acceleration.easy_cache.threshold",
     "nan is out of range; use 0 to 1"},
    {"LargeEasyThreshold", [](auto& r) { r.easy_cache = {.threshold = 1.5}; }, "acceleration.easy_cache.threshold",
     "1.5 is out of range; use 0 to 1"},
    {"NoEasyStart", [](auto& r) { r.easy_cache = {.skip_start_steps = 0}; }, "acceleration.easy_cache.skip_start_steps",
     "0 is out of range; use 1 to 100"},
    {"NoEasyEnd", [](auto& r) { r.easy_cache = {.skip_end_steps = 0}; }, "acceleration.easy_cache.skip_end_steps",
     "0 is out of range; use 1 to 100"},
    {"ManyEasySteps", [](auto& r) { r.easy_cache = {.skip_end_steps = 101}; }, "acceleration.easy_cache.skip_end_steps",
     "101 is out of range; use 1 to 100"},
    {"BothCaches",
     [](auto& r) {
       r.tea_cache.emplace();
       r.easy_cache.emplace();
     },
     "acceleration.easy_cache", "given together with tea_cache; send one of the two"},
    {"GateFromTheStart", [](auto& r) { r.guidance_gate = {.start_ratio = 0}; },
     "acceleration.guidance_gate.start_ratio", "0 is out of range; use a number above 0 and below 1"},
    {"GateAtTheEnd", [](auto& r) { r.guidance_gate = {.start_ratio = 1}; }, "acceleration.guidance_gate.start_ratio",
     "1 is out of range; use a number above 0 and below 1"},
    {"NanGate", [](auto& r) { r.guidance_gate = {.start_ratio = kNan}; }, "acceleration.guidance_gate.start_ratio",
     "nan is out of range; use a number above 0 and below 1"},
    {"GateOfTeaCache",
     [](auto& r) {
       r.tea_cache.emplace();
       r.guidance_gate.emplace();
     },
     "acceleration.guidance_gate",
     "given together with tea_cache, which looks at both branches of guidance in every step; send one of the two"},
    {"GateOfEnhance",
     [](auto& r) {
       r.enhance.emplace();
       r.guidance_gate.emplace();
     },
     "acceleration.guidance_gate",
     "given together with enhance_a_video, which looks at both branches of guidance in every step; send one of the "
     "two"},
    {"UnknownLora", [](auto& r) { r.loras = {{.name = "film"}, {.name = "none"}}; }, "acceleration.loras[1].name",
     "there is no such LoRA"},
    {"NamelessLora", [](auto& r) { r.loras = {{}}; }, "acceleration.loras[0].name", "there is no such LoRA"},
    {"BrokenLora", [](auto& r) { r.loras = {{.name = "broken"}}; }, "acceleration.loras[0].name",
     "tensor 'x' fits no layer"},
    {"WeakLora", [](auto& r) { r.loras = {{.name = "film", .strength = -10.5}}; }, "acceleration.loras[0].strength",
     "-10.5 is out of range; use -10 to 10"},
    {"StrongLora", [](auto& r) { r.loras = {{.name = "film", .strength = kInfinity}}; },
     "acceleration.loras[0].strength", "inf is out of range; use -10 to 10"},
    {"NanLora", [](auto& r) { r.loras = {{.name = "film", .strength = kNan}}; }, "acceleration.loras[0].strength",
     "nan is out of range; use -10 to 10"},
    {"FiveLoras", [](auto& r) { r.loras.resize(5); }, "acceleration.loras", "5 given; send at most 4"},
    {"NegativeRescale", [](auto& r) { r.guidance_rescale = -0.1; }, "guidance_rescale",
     "-0.1 is out of range; use 0 to 1"},
    {"LargeRescale", [](auto& r) { r.guidance_rescale = 1.1; }, "guidance_rescale", "1.1 is out of range; use 0 to 1"},
    {"NanRescale", [](auto& r) { r.guidance_rescale = kNan; }, "guidance_rescale", "nan is out of range; use 0 to 1"},
    {"NegativeRatio", [](auto& r) { r.clip_apply_ratio = -0.1; }, "clip_apply_ratio",
     "-0.1 is out of range; use 0 to 1"},
    {"LargeRatio", [](auto& r) { r.clip_apply_ratio = 1.1; }, "clip_apply_ratio", "1.1 is out of range; use 0 to 1"},
    {"InfiniteRatio", [](auto& r) { r.clip_apply_ratio = kInfinity; }, "clip_apply_ratio",
     "inf is out of range; use 0 to 1"},
    {"HeavyEnhance", [](auto& r) { r.enhance = {.weight = 11}; }, "acceleration.enhance_a_video.weight", "use 0 to 10"},
    {"NegativeSkip", [](auto& r) { r.enhance = {.skip_start_steps = -1}; },
     "acceleration.enhance_a_video.skip_start_steps", "-1 is out of range; use 0 to 100"},
    {"LowGuidance", [](auto& r) { r.guidance_scale = 0.5; }, "guidance_scale", "0.5 is out of range; use 1 to 20"},
    {"HighGuidance", [](auto& r) { r.guidance_scale = 20.5; }, "guidance_scale", "20.5 is out of range; use 1 to 20"},
    {"NanGuidance", [](auto& r) { r.guidance_scale = kNan; }, "guidance_scale", "nan is out of range; use 1 to 20"},
    {"NoVram", [](auto& r) { r.memory.max_vram_mib = 0; }, "memory.max_vram_mib", "0 is out of range; use 1 or more"},
    {"NoHostMemory", [](auto& r) { r.memory.max_host_mib = 0; }, "memory.max_host_mib",
     "0 is out of range; use 1 or more"},
    {"NegativeBlocks", [](auto& r) { r.memory.resident_blocks = -1; }, "memory.resident_blocks",
     "-1 is out of range; use 0 or more"},
    {"NoStates", [](auto& r) { r.memory.resident_states = 0; }, "memory.resident_states",
     "0 is out of range; use 1 or more"},
    {"FixedBlocksOfTheFastest", [](auto& r) { r.memory = {.policy = MemoryPolicy::kFastest, .resident_blocks = 2}; },
     "memory.policy", "given together with a fixed number of blocks or states; send one of the two"},
    {"FixedStatesOfTheSmallest", [](auto& r) { r.memory = {.policy = MemoryPolicy::kSmallest, .resident_states = 2}; },
     "memory.policy", "given together with a fixed number of blocks or states; send one of the two"},
    {"NegativeCrf", [](auto& r) { r.encoding.crf = -1; }, "encoding.crf", "-1 is out of range; use 0 to 51"},
    {"LargeCrf", [](auto& r) { r.encoding.crf = 52; }, "encoding.crf", "52 is out of range; use 0 to 51"},
    {"EmptyFragments", [](auto& r) { r.encoding.fragment_frames = 0; }, "encoding.fragment_frames",
     "0 is out of range; use 1 to 120"},
    {"LongFragments", [](auto& r) { r.encoding.fragment_frames = 121; }, "encoding.fragment_frames",
     "121 is out of range; use 1 to 120"},
    {"FragmentsOfAPlainFile", [](auto& r) { r.encoding = {.fragment_frames = 8, .faststart = true}; },
     "encoding.faststart", "given together with fragment_frames"},
    {"NoPreviewSteps", [](auto& r) { r.preview = {.every_steps = 0}; }, "preview.every_steps",
     "0 is out of range; use 1 to 100"},
    {"ManyPreviewSteps", [](auto& r) { r.preview = {.every_steps = 101}; }, "preview.every_steps",
     "101 is out of range; use 1 to 100"},
    {"NarrowPreview", [](auto& r) { r.preview = {.width = 15}; }, "preview.width", "15 is out of range; use 16 to 512"},
    {"WidePreview", [](auto& r) { r.preview = {.width = 513}; }, "preview.width", "513 is out of range; use 16 to 512"},
    {"NoTime", [](auto& r) { r.execution_timeout = absl::ZeroDuration(); }, "execution_timeout", "longer than zero"},
    {"NegativeTime", [](auto& r) { r.execution_timeout = -absl::Seconds(1); }, "execution_timeout", "longer than zero"},
};

class ValidateField : public testing::TestWithParam<WrongField> {};

TEST_P(ValidateField, NamesTheFieldAndWhatItMayBe) {
  GenerationRequest request = TestRequest();
  GetParam().spoil(request);
  const absl::Status status = ValidateWith(request).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(GetParam().description)));
  EXPECT_THAT(status, HasReason(reason::kInvalidRequest));
  EXPECT_THAT(GetErrorInfo(status).field_violations,
              ElementsAre(FieldsAre(GetParam().field, HasSubstr(GetParam().description))));
}

INSTANTIATE_TEST_SUITE_P(Every, ValidateField, testing::ValuesIn(kWrongFields),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(WrongFields, ReportsAllWrongFieldsAtOnceInTheirOrder) {
  GenerationRequest request;
  request.start_images = Pictures({"junk", "image 8x8", "junk"});
  request.end_images.resize(5);
  request.size = PixelSize{.width = 500, .height = 1};
  request.frame_count = 20;
  request.motion = 5;
  request.steps = 0;
  request.guidance_scale = 0.0;
  request.guidance_rescale = 2.0;
  request.clip_apply_ratio = 2.0;
  request.loras = {{.name = "none", .strength = 11.0}};
  request.tea_cache = {.threshold = 2.0, .skip_start_steps = 0, .skip_end_steps = 0};
  request.enhance = {.weight = 11.0, .skip_start_steps = -1, .skip_end_steps = -1};
  request.easy_cache = {.threshold = 2.0, .skip_start_steps = 0, .skip_end_steps = 0};
  request.guidance_gate = {.start_ratio = 2.0};
  request.memory = {.policy = MemoryPolicy::kFastest,
                    .max_vram_mib = -1,
                    .max_host_mib = -1,
                    .resident_blocks = -1,
                    .resident_states = -1};
  request.encoding = {.crf = -1, .fragment_frames = 0, .faststart = true};
  request.preview = {.every_steps = 0, .width = 0};
  request.execution_timeout = absl::ZeroDuration();
  std::vector<std::string> fields;
  for (const FieldViolation& violation : ViolationsOf(request))
    fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("start_images[0]", "start_images[2]", "end_images", "size.width", "size.height",
                                  "frame_count", "motion", "steps", "guidance_scale", "guidance_rescale",
                                  "clip_apply_ratio", "acceleration.loras[0].name", "acceleration.loras[0].strength",
                                  "acceleration.tea_cache.threshold", "acceleration.tea_cache.skip_start_steps",
                                  "acceleration.tea_cache.skip_end_steps", "acceleration.enhance_a_video.weight",
                                  "acceleration.enhance_a_video.skip_start_steps",
                                  "acceleration.enhance_a_video.skip_end_steps", "acceleration.easy_cache",
                                  "acceleration.easy_cache.threshold", "acceleration.easy_cache.skip_start_steps",
                                  "acceleration.easy_cache.skip_end_steps", "acceleration.guidance_gate",
                                  "acceleration.guidance_gate.start_ratio", "memory.policy", "memory.max_vram_mib",
                                  "memory.max_host_mib", "memory.resident_blocks", "memory.resident_states",
                                  "encoding.faststart", "encoding.crf", "encoding.fragment_frames",
                                  "preview.every_steps", "preview.width", "execution_timeout"));
}

TEST(WrongFields, TellsWhatCannotBeReadWithAllThatIsWrong) {
  GenerationRequest request = TestRequest();
  request.unreadable = {{"camera", "99 is no camera"}};
  request.steps = 0;
  EXPECT_THAT(ViolationsOf(request),
              ElementsAre(FieldsAre("camera", "99 is no camera"), FieldsAre("steps", testing::_)));
}

// Each is looked up among all others.
TEST(WrongFields, TellsOfManyThatCannotBeRead) {
  GenerationRequest request = TestRequest();
  for (int i = 0; i < 40'000; ++i)
    request.unreadable.push_back({"start_images[" + std::to_string(i) + "]", "has no source"});
  request.unreadable.push_back(request.unreadable.front());
  EXPECT_EQ(ViolationsOf(request).size(), 40'000);
}

TEST(WrongFields, RefusesAFieldOnce) {
  GenerationRequest request = TestRequest();
  request.start_images.push_back({});
  request.unreadable = {{"start_images[1]", "has no source"}};
  EXPECT_THAT(ViolationsOf(request), ElementsAre(FieldsAre("start_images[1]", "has no source")));
}

TEST(WrongFields, TellsOfMorePicturesThanFramesWithAllThatIsWrong) {
  RequestLimits limits;
  limits.max_start_images = 20;
  GenerationRequest request = TestRequest();
  request.start_images.resize(9, request.start_images.front());
  request.frame_count = 8;
  request.steps = 0;
  request.size = PixelSize{.width = 500, .height = 512};
  EXPECT_THAT(ViolationsOf(request, limits),
              ElementsAre(FieldsAre("size.width", testing::_), FieldsAre("frame_count", HasSubstr("do not hold")),
                          FieldsAre("steps", testing::_)));
}

}  // namespace
}  // namespace ruyi
