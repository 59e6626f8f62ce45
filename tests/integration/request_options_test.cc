// Every option of a request through everything, from the proto to the frames: a server of this process with a small
// model of tests/golden, in one type of arithmetic so that equal requests give equal films.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "server/app/component_factory.h"
#include "server/app/server.h"
#include "tests/server/patience.h"
#include "tests/server/video_call.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path kGolden = RUYI_SOURCE_DIR "/tests/golden";
constexpr char kFirstLora[] = "rank4_alpha2";
constexpr char kSecondLora[] = "rank3_noalpha";

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

// The golden model "tiny" with an autoencoder that may be tiled at 32 pixels, and small videos allowed.
void WriteModel(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::filesystem::copy(kGolden / "models" / "tiny", folder, std::filesystem::copy_options::recursive);
  std::string config = ReadFile(folder / "vae" / "config.json");
  config.insert(config.find('{') + 1, "\"tile_sample_min_size\": 32,");
  WriteFile(folder / "vae" / "config.json", config);
  WriteFile(folder / "serving.json", R"({"model_name": "tiny", "min_side": 16, "max_side": 64,
                                         "frame_count": {"min": 8, "max": 24, "default": 8}})");
}

// A whole LoRA without its last bytes.
void WriteLoras(const std::filesystem::path& folder) {
  std::filesystem::copy(kGolden / "lora", folder);
  const std::string whole = ReadFile(folder / "rank4_alpha2.safetensors");
  std::ofstream(folder / "cut.safetensors", std::ios::binary) << whole.substr(0, whole.size() - 8);
}

v1::GenerateVideoRequest BaseRequest() {
  v1::GenerateVideoRequest request;
  request.add_start_images()->set_data(ReadFile(RUYI_SOURCE_DIR "/tests/data/photo.jpg"));
  request.mutable_size()->set_width(48);
  request.mutable_size()->set_height(48);
  request.set_steps(6);
  request.set_seed(1);
  return request;
}

struct Film {
  grpc::Status status;
  v1::Video video;  // as completed
  std::vector<v1::VideoEvent> events;
  std::string bytes;
};

// The server of all tests. Started once, and ended before main does.
class SmallServer : public testing::Environment {
 public:
  void SetUp() override {
    WriteModel(folder_ / "model");
    WriteLoras(folder_ / "loras");
    const ServerOptions options = {.model = folder_ / "model",
                                   .listen = "127.0.0.1:0",
                                   .metrics_listen = "127.0.0.1:0",
                                   .admin_listen = "",
                                   .admin_page = "",
                                   .state_dir = folder_ / "state",
                                   .lora_dir = folder_ / "loras",
                                   .max_loras = 2,
                                   .dtype = ComputeType::kFloat32};
    ASSERT_OK_AND_ASSIGN(
        server_, Server::Start(options, MakeComponents(options), {.on_loaded = [this](const absl::Status& status) {
                                 load_status_ = status;
                                 loaded_.Notify();
                               }}));
    ASSERT_TRUE(loaded_.WaitForNotificationWithTimeout(kPatience));
    ASSERT_THAT(load_status_, IsOk());
  }

  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  Film Make(const v1::GenerateVideoRequest& request) const {
    VideoCall call(ConnectTo(server_->port()), request);
    Film film;
    film.events = call.ReadAll();
    film.status = call.Finish();
    film.video = LastOf(film.events).completed().video();
    film.bytes = BytesOf(film.events);
    return film;
  }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("request_options." + std::to_string(getpid()));
  absl::Notification loaded_;
  absl::Status load_status_;
  std::unique_ptr<Server> server_;
};

const SmallServer& TheServer() {
  static const auto* const server =
      static_cast<SmallServer*>(testing::AddGlobalTestEnvironment(new SmallServer));  // GoogleTest owns it
  return *server;
}

const SmallServer& registered = TheServer();  // before GoogleTest begins

Film Make(const v1::GenerateVideoRequest& request) {
  return TheServer().Make(request);
}

// Returns the film that is made without any option.
const Film& PlainFilm() {
  static const Film& film = *new Film(Make(BaseRequest()));
  return film;
}

// An option that changes the film.
struct Option {
  std::string name;  // as GoogleTest wants it
  std::function<void(v1::GenerateVideoRequest&)> set;
};

void PrintTo(const Option& option, std::ostream* out) {
  *out << option.name;
}

class EachOption : public testing::TestWithParam<Option> {};

TEST_P(EachOption, ChangesItsFilmAndNoOther) {
  v1::GenerateVideoRequest request = BaseRequest();
  GetParam().set(request);
  const Film film = Make(request);
  ASSERT_TRUE(film.status.ok()) << film.status.error_message();
  EXPECT_EQ(film.video.result().size_bytes(), film.bytes.size());
  EXPECT_NE(film.bytes, PlainFilm().bytes);
  EXPECT_EQ(Make(request).bytes, film.bytes);
  EXPECT_EQ(Make(BaseRequest()).bytes, PlainFilm().bytes);
}

void AddLora(v1::GenerateVideoRequest& request, const std::string& name, double strength) {
  v1::Lora& lora = *request.mutable_acceleration()->add_loras();
  lora.set_name(name);
  lora.set_strength(strength);
}

void AddEndImage(v1::GenerateVideoRequest& request) {
  request.add_end_images()->set_data(ReadFile(kGolden / "images" / "start_end_euler_end.png"));
}

const Option kOptions[] = {
    {"Euler", [](auto& r) { r.set_sampler(v1::SAMPLER_EULER); }},
    {"EulerAncestral", [](auto& r) { r.set_sampler(v1::SAMPLER_EULER_ANCESTRAL); }},
    {"DpmMultistep", [](auto& r) { r.set_sampler(v1::SAMPLER_DPM_MULTISTEP); }},
    {"Pndm", [](auto& r) { r.set_sampler(v1::SAMPLER_PNDM); }},
    {"SeveralStartImages",
     [](auto& r) {
       for (int i = 0; i < 3; ++i)
         r.add_start_images()->set_data(ReadFile(kGolden / "images" / "start_end_euler_start0.png"));
     }},
    {"EndImage", AddEndImage},
    {"SeveralEndImages",
     [](auto& r) {
       AddEndImage(r);
       r.add_end_images()->set_data(r.start_images(0).data());
     }},
    {"Camera", [](auto& r) { r.set_camera(v1::CAMERA_UP); }},
    {"GuidanceOfOne", [](auto& r) { r.set_guidance_scale(1.0); }},
    {"GuidanceRescale", [](auto& r) { r.set_guidance_rescale(0.7); }},
    {"ClipApplyRatio", [](auto& r) { r.set_clip_apply_ratio(1.0); }},
    {"Fp8E4m3fn", [](auto& r) { r.mutable_acceleration()->mutable_fp8()->set_mode(v1::FP8_MODE_EXTREME); }},
    {"Fp8E5m2",
     [](auto& r) {
       r.mutable_acceleration()->mutable_fp8()->set_mode(v1::FP8_MODE_EXTREME);
       r.mutable_acceleration()->mutable_fp8()->set_type(v1::FP8_TYPE_E5M2);
     }},
    {"Lora", [](auto& r) { AddLora(r, kFirstLora, 0.8); }},
    {"TwoLoras",
     [](auto& r) {
       AddLora(r, kFirstLora, 0.8);
       AddLora(r, kSecondLora, -0.5);
     }},
    {"TeaCache", [](auto& r) { r.mutable_acceleration()->mutable_tea_cache()->set_threshold(1.0); }},
    {"EasyCache",
     [](auto& r) {
       r.mutable_acceleration()->mutable_easy_cache()->set_threshold(1.0);
       r.mutable_acceleration()->mutable_easy_cache()->set_skip_start_steps(2);
     }},
    {"GuidanceGate", [](auto& r) { r.mutable_acceleration()->mutable_guidance_gate()->set_start_ratio(0.5); }},
    {"Quality", [](auto& r) { r.set_quality(v1::QUALITY_FAST); }},
    {"EnhanceAVideo", [](auto& r) { r.mutable_acceleration()->mutable_enhance_a_video()->set_weight(4.0); }},
    {"VaeTiling", [](auto& r) { r.mutable_memory()->set_vae_tiling(true); }},
};

INSTANTIATE_TEST_SUITE_P(Options, EachOption, testing::ValuesIn(kOptions),
                         [](const auto& test) { return test.param.name; });

// The large layers that these modes take are not in this model.
TEST(RequestOptions, LiteAndStrongLeaveSmallLayersAsTheyAre) {
  for (const v1::Fp8Mode mode : {v1::FP8_MODE_LITE, v1::FP8_MODE_STRONG}) {
    v1::GenerateVideoRequest request = BaseRequest();
    request.mutable_acceleration()->mutable_fp8()->set_mode(mode);
    const Film film = Make(request);
    EXPECT_EQ(film.bytes, PlainFilm().bytes);
    EXPECT_EQ(film.video.settings().acceleration().fp8().mode(), mode);
  }
}

TEST(RequestOptions, TellsWhichStepsTeaCacheSkips) {
  v1::GenerateVideoRequest request = BaseRequest();
  v1::TeaCache& cache = *request.mutable_acceleration()->mutable_tea_cache();
  cache.set_threshold(1.0);
  cache.set_skip_start_steps(2);
  const Film film = Make(request);
  ASSERT_TRUE(film.status.ok()) << film.status.error_message();
  EXPECT_THAT(film.video.result().skipped_steps(), ElementsAre(3, 4, 5));
  EXPECT_EQ(film.video.settings().acceleration().tea_cache().skip_end_steps(), 1);
  std::vector<int> last;
  for (const v1::VideoEvent& event : film.events) {
    if (event.progress().phase() == v1::PHASE_DENOISING)
      last.assign(event.progress().skipped_steps().begin(), event.progress().skipped_steps().end());
  }
  EXPECT_THAT(last, ElementsAre(3, 4, 5));
}

v1::GenerateVideoRequest Combined() {
  v1::GenerateVideoRequest request = BaseRequest();
  AddEndImage(request);
  AddLora(request, kFirstLora, 0.8);
  request.mutable_acceleration()->mutable_fp8()->set_mode(v1::FP8_MODE_EXTREME);
  request.mutable_acceleration()->mutable_tea_cache()->set_threshold(1.0);
  return request;
}

TEST(RequestOptions, OptionsCombine) {
  const Film combined = Make(Combined());
  ASSERT_TRUE(combined.status.ok()) << combined.status.error_message();
  EXPECT_FALSE(combined.video.result().skipped_steps().empty());
  const std::vector<std::function<void(v1::GenerateVideoRequest&)>> without = {
      [](auto& r) { r.clear_end_images(); },
      [](auto& r) { r.mutable_acceleration()->clear_loras(); },
      [](auto& r) { r.mutable_acceleration()->clear_fp8(); },
      [](auto& r) { r.mutable_acceleration()->clear_tea_cache(); },
  };
  for (const auto& take_out : without) {
    v1::GenerateVideoRequest request = Combined();
    take_out(request);
    EXPECT_NE(Make(request).bytes, combined.bytes);
  }
  EXPECT_EQ(Make(Combined()).bytes, combined.bytes);
}

TEST(RequestOptions, ADamagedLoraIsAnErrorOfTheField) {
  v1::GenerateVideoRequest request = BaseRequest();
  AddLora(request, "cut", 1.0);
  const Film film = Make(request);
  EXPECT_EQ(film.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(film.status.error_message(), AllOf(HasSubstr("acceleration.loras[0].name"),
                                                 HasSubstr("tensor 'lora_unet__blocks_"), HasSubstr("truncated")));
}

}  // namespace
}  // namespace ruyi
