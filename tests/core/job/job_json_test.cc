#include "core/job/job_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/core/job/full_job.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Every key with a value of its own must come back at its place, so equal texts mean equal structures; that no field is
// left out is seen by the number of keys below.
template <typename T>
void ExpectRoundTrip(const T& value, std::string (*write)(const T&), absl::StatusOr<T> (*read)(std::string_view)) {
  const std::string text = write(value);
  const absl::StatusOr<T> again = read(text);
  ASSERT_THAT(again, IsOk()) << text;
  EXPECT_EQ(write(*again), text);
}

json ValueOf(const std::string& text) {
  return json::parse(text)["value"];
}

TEST(JobJsonTest, SpecsComeBack) {
  ExpectRoundTrip(FullSpec(), SpecToJson, SpecFromJson);
  ExpectRoundTrip(VideoSpec(), SpecToJson, SpecFromJson);
}

TEST(JobJsonTest, PlacementsComeBack) {
  ExpectRoundTrip(FullPlacement(), PlacementToJson, PlacementFromJson);
  ExpectRoundTrip(Placement(), PlacementToJson, PlacementFromJson);
}

TEST(JobJsonTest, RecordsComeBack) {
  ExpectRoundTrip(FullRecord(), RecordToJson, RecordFromJson);
  ExpectRoundTrip(JobRecord(), RecordToJson, RecordFromJson);
}

TEST(JobJsonTest, EventsOfEveryKindComeBack) {
  ASSERT_EQ(FullEvents().size(), std::variant_size_v<JobEvent>);
  for (const std::vector<JobEvent>& events : {FullEvents(), BareEvents()}) {
    for (size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(events[i].index(), i);
      ExpectRoundTrip(events[i], EventToJson, EventFromJson);
      EXPECT_EQ(EventFromJson(EventToJson(events[i]))->index(), i);
    }
  }
}

// A field that is added to a structure is added here too: its number of values changes.
TEST(JobJsonTest, EveryFieldIsWritten) {
  EXPECT_EQ(ValueOf(SpecToJson(FullSpec())).flatten().size(), 56u);
  EXPECT_EQ(ValueOf(PlacementToJson(FullPlacement())).flatten().size(), 3u * 16 + 2);
  EXPECT_EQ(ValueOf(EventToJson(FullEvents()[8])).flatten().size(), 37u);
}

TEST(JobJsonTest, ValuesAreWhatTheyWere) {
  const VideoSpec spec = *SpecFromJson(SpecToJson(FullSpec()));
  EXPECT_EQ(spec.start_pictures, FullSpec().start_pictures);
  EXPECT_EQ(spec.size, FullSpec().size);
  EXPECT_EQ(spec.latents, FullSpec().latents);
  EXPECT_EQ(spec.camera, Camera::kDown);
  EXPECT_EQ(spec.clip_apply_ratio, 0.1 + 0.2);
  EXPECT_EQ(spec.guidance_rescale, 1.0 / 3.0);
  EXPECT_EQ(spec.loras[1].name, "ü");
  EXPECT_EQ(spec.seed, std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(spec.vae_tiling, false);
  EXPECT_EQ(spec.encoding, FullSpec().encoding);
  EXPECT_EQ(spec.preview, FullSpec().preview);
  EXPECT_EQ(SpecFromJson(SpecToJson(VideoSpec()))->execution_timeout, absl::InfiniteDuration());
  const JobRecord record = *RecordFromJson(RecordToJson(FullRecord()));
  EXPECT_EQ(record.ticket.labels, FullRecord().ticket.labels);
  EXPECT_EQ(record.create_time, FullRecord().create_time);
  EXPECT_EQ(record.expire_time, absl::InfiniteFuture());
  EXPECT_EQ(record.result->file, FullResult().file);
  EXPECT_EQ(record.error, FullStatus());
  EXPECT_EQ(std::get<JobPreview>(*EventFromJson(EventToJson(FullEvents()[5]))).jpeg, std::string("\xff\xd8\x00z", 4));
}

TEST(JobJsonTest, AllDoublesSurvive) {
  for (const double value : {0.0, -0.0, 5e-324, 1.7976931348623157e308, std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(), 1.0, 123456789.123456789}) {
    VideoSpec spec;
    spec.guidance_scale = value;
    const double again = SpecFromJson(SpecToJson(spec))->guidance_scale;
    EXPECT_EQ(again, value);
    EXPECT_EQ(std::signbit(again), std::signbit(value));
  }
  VideoSpec spec;
  spec.guidance_scale = std::nan("");
  EXPECT_TRUE(std::isnan(SpecFromJson(SpecToJson(spec))->guidance_scale));
}

TEST(JobJsonTest, StatusesOfEveryCodeComeBack) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "message");
    absl::Status again = absl::UnknownError("");
    EXPECT_THAT(StatusFromJson(StatusToJson(status), again), IsOk());
    EXPECT_EQ(again, status);
  }
  absl::Status again;
  EXPECT_THAT(StatusFromJson(StatusToJson(FullStatus()), again), IsOk());
  EXPECT_EQ(again, FullStatus());
}

TEST(JobJsonTest, EnumsAreWords) {
  const json value = ValueOf(RecordToJson(FullRecord()));
  EXPECT_EQ(value["state"], "cancelling");
  EXPECT_EQ(value["ticket"]["priority"], "high");
  EXPECT_EQ(value["spec"]["sampler"], "euler_ancestral");
  EXPECT_EQ(value["spec"]["encoding"]["preset"], "veryslow");
  EXPECT_EQ(value["error"]["code"], "resource_exhausted");
}

TEST(JobJsonTest, UnknownKeysAreIgnored) {
  json text = json::parse(RecordToJson(FullRecord()));
  text["new"] = 1;
  text["value"]["new"] = {{"deep", true}};
  text["value"]["spec"]["size"]["depth"] = 3;
  ASSERT_OK_AND_ASSIGN(const JobRecord record, RecordFromJson(text.dump()));
  EXPECT_EQ(RecordToJson(record), RecordToJson(FullRecord()));
}

TEST(JobJsonTest, WhatEarlierVersionsHaveNotStoredMayBeMissing) {
  json text = json::parse(RecordToJson(FullRecord()));
  text["value"]["placement"]["prediction"].erase("host_bytes");
  text["value"]["placement"]["prediction"]["mode"].erase("autoencoder_in_slabs");
  ASSERT_OK_AND_ASSIGN(const JobRecord record, RecordFromJson(text.dump()));
  EXPECT_EQ(record.placement.prediction.host_bytes, 0);
  EXPECT_FALSE(record.placement.prediction.mode.autoencoder_in_slabs);
}

TEST(JobJsonTest, TextThatIsNoUtf8IsReplaced) {
  JobRecord record;
  record.placement.reason = "a\xff";
  EXPECT_EQ(RecordFromJson(RecordToJson(record))->placement.reason, "a\xef\xbf\xbd");
}

TEST(JobJsonTest, WhatIsMissingIsNamed) {
  const json whole = json::parse(RecordToJson(FullRecord()));
  for (const char* path : {"/spec/size/width", "/spec/seed", "/ticket/id", "/state", "/placement/prediction/mode",
                           "/result/file/sha256", "/spec/start_pictures/1/pixels_sha256"}) {
    json text = whole;
    json::json_pointer pointer(std::string("/value") + path);
    text[pointer.parent_pointer()].erase(pointer.back());
    EXPECT_THAT(RecordFromJson(text.dump()),
                StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr(pointer.back() + "' is missing"))))
        << path;
  }
  json text = whole;
  text["value"]["spec"]["start_pictures"][1].erase("pixels_sha256");
  EXPECT_THAT(
      RecordFromJson(text.dump()),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("'value.spec.start_pictures[1].pixels_sha256' is missing")));
}

TEST(JobJsonTest, WhatIsOfAnotherTypeIsNamed) {
  const json whole = json::parse(RecordToJson(FullRecord()));
  const std::vector<std::pair<const char*, json>> wrongs = {{"/spec/size/width", "64"},
                                                            {"/spec/size/width", 1.5},
                                                            {"/spec/size/width", int64_t{1} << 40},
                                                            {"/spec/size", 7},
                                                            {"/spec/seed", -1},
                                                            {"/spec/lora_bytes", ~uint64_t{0}},
                                                            {"/spec/guidance_scale", "much"},
                                                            {"/spec/camera", "sideways"},
                                                            {"/spec/camera", 3},
                                                            {"/spec/vae_tiling", 1},
                                                            {"/spec/loras", json::object()},
                                                            {"/ticket/labels", json::array()},
                                                            {"/ticket/id", 1},
                                                            {"/create_time", "yesterday"},
                                                            {"/checkpoint/worked", true},
                                                            {"/result/file/sha256", "abc"},
                                                            {"/result/file/sha256", "zz"},
                                                            {"/error", "bad"},
                                                            {"/error/code", "odd"},
                                                            {"/error/message", 1},
                                                            {"/error/reason", 1},
                                                            {"/error/retry_delay", "soon"},
                                                            {"/error/metadata", 1},
                                                            {"/error/field_violations", 1},
                                                            {"/error/metadata/a", 1},
                                                            {"/error/unmet_preconditions", {1}},
                                                            {"/placement/prediction/stages", {1, 2}}};
  for (const auto& [path, wrong] : wrongs) {
    json text = whole;
    text[json::json_pointer(std::string("/value") + path)] = wrong;
    const std::string key = std::string(path).substr(1, std::string(path).find('/', 1) - 1);
    EXPECT_THAT(RecordFromJson(text.dump()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("'value." + key)))
        << path << " " << wrong;
  }
}

TEST(JobJsonTest, WrongEventsAreNamed) {
  EXPECT_THAT(EventFromJson(R"({"format":1,"value":{"kind":"new"}})"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("'value.kind'")));
  EXPECT_THAT(EventFromJson(R"({"format":1,"value":{}})"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("'value.kind' is missing")));
  EXPECT_THAT(EventFromJson(R"({"format":1,"value":3})"), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(
      EventFromJson(R"({"format":1,"value":{"kind":"preview","step":1,"size":{"width":1,"height":1},"jpeg":"!"}})"),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("'value.jpeg'")));
}

TEST(JobJsonTest, ALaterFormatIsRefused) {
  json text = json::parse(SpecToJson(FullSpec()));
  text["format"] = kJobJsonFormat + 1;
  EXPECT_THAT(SpecFromJson(text.dump()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a newer one wrote it")));
  text.erase("format");
  EXPECT_THAT(SpecFromJson(text.dump()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("'format'")));
}

TEST(JobJsonTest, WhatIsNoJsonIsRefused) {
  absl::Status status;
  for (const char* text : {"", "{", "[]", "3", "nonsense"}) {
    EXPECT_THAT(SpecFromJson(text), StatusIs(absl::StatusCode::kDataLoss)) << text;
    EXPECT_THAT(PlacementFromJson(text), StatusIs(absl::StatusCode::kDataLoss)) << text;
    EXPECT_THAT(EventFromJson(text), StatusIs(absl::StatusCode::kDataLoss)) << text;
    EXPECT_THAT(RecordFromJson(text), StatusIs(absl::StatusCode::kDataLoss)) << text;
    EXPECT_THAT(StatusFromJson(text, status), StatusIs(absl::StatusCode::kDataLoss)) << text;
  }
}

TEST(CanonicalJsonTest, LeavesOutWhatDoesNotDecideTheBytes) {
  VideoSpec other = FullSpec();
  other.memory = {};
  other.preview = std::nullopt;
  other.execution_timeout = absl::InfiniteDuration();
  other.lora_bytes = 0;
  other.start_pictures[0].source_sha256 = "the same pixels in another file";
  other.tea_cache->offload = false;
  EXPECT_EQ(CanonicalJson(other), CanonicalJson(FullSpec()));
  VideoSpec one;
  VideoSpec two;
  two.fp8 = {.type = Fp8Type::kE5m2, .arithmetic = Fp8Arithmetic::kScaled};
  two.guidance_gate.emplace();  // of a video without guidance
  EXPECT_EQ(CanonicalJson(one), CanonicalJson(two));
}

// A spec that was stored before there was scaled arithmetic is read, and has the key that it had.
TEST(CanonicalJsonTest, SaysNothingOfWidenedArithmetic) {
  VideoSpec spec;
  spec.fp8.mode = Fp8Mode::kStrong;
  EXPECT_THAT(CanonicalJson(spec), testing::Not(testing::HasSubstr("arithmetic")));
  spec.fp8.arithmetic = Fp8Arithmetic::kScaled;
  EXPECT_THAT(CanonicalJson(spec), testing::HasSubstr(R"("arithmetic":"scaled")"));
}

TEST(CanonicalJsonTest, HoldsWhatDecidesTheBytes) {
  const std::vector<void (*)(VideoSpec&)> changes = {
      [](VideoSpec& spec) { spec.start_pictures[0].pixels_sha256 = "x"; },
      [](VideoSpec& spec) { spec.end_pictures.clear(); },
      [](VideoSpec& spec) { spec.size.width = 96; },
      [](VideoSpec& spec) { spec.frame_count = 8; },
      [](VideoSpec& spec) { spec.frames_per_second = 8; },
      [](VideoSpec& spec) { spec.latents.frames = 8; },
      [](VideoSpec& spec) { spec.camera = Camera::kUp; },
      [](VideoSpec& spec) { spec.motion = std::nullopt; },
      [](VideoSpec& spec) { spec.sampler = SamplerKind::kPndm; },
      [](VideoSpec& spec) { spec.steps = 8; },
      [](VideoSpec& spec) { spec.guidance_scale = 8; },
      [](VideoSpec& spec) { spec.guidance_rescale = 8; },
      [](VideoSpec& spec) { spec.clip_apply_ratio = 0.3; },
      [](VideoSpec& spec) { spec.fp8.type = Fp8Type::kE4m3fn; },
      [](VideoSpec& spec) { spec.fp8.mode = Fp8Mode::kNone; },
      [](VideoSpec& spec) { spec.fp8.arithmetic = Fp8Arithmetic::kWidened; },
      [](VideoSpec& spec) { spec.loras[0].strength = 1; },
      [](VideoSpec& spec) { spec.tea_cache->threshold = 1; },
      [](VideoSpec& spec) { spec.enhance = std::nullopt; },
      [](VideoSpec& spec) { spec.easy_cache->skip_end_steps = 4; },
      [](VideoSpec& spec) { spec.guidance_gate->start_ratio = 0.4; },
      [](VideoSpec& spec) { spec.vae_tiling = true; },
      [](VideoSpec& spec) { spec.seed = 1; },
      [](VideoSpec& spec) { spec.encoding.crf = 1; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    VideoSpec changed = FullSpec();
    changes[i](changed);
    EXPECT_NE(CanonicalJson(changed), CanonicalJson(FullSpec())) << i;
  }
}

TEST(CanonicalJsonTest, HasItsKeysInOrder) {
  const std::string text = CanonicalJson(FullSpec());
  EXPECT_LT(text.find("\"camera\""), text.find("\"clip_apply_ratio\""));
  EXPECT_LT(text.find("\"size\""), text.find("\"start_pictures\""));
  EXPECT_EQ(json::parse(text).dump(), text);
}

}  // namespace
}  // namespace ruyi
