// The camera on real frames, through everything: a picture goes into the server, an MP4 file comes out of the client's
// library, and the motion in it is measured. What it must be is read from the model's README.md.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <ostream>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/synchronization/notification.h"
#include "client/partial_file.h"
#include "client/video_client.h"
#include "client/video_receiver.h"
#include "server/app/component_factory.h"
#include "server/app/server.h"
#include "tests/integration/film_motion.h"
#include "tests/server/patience.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

constexpr char kModel[] = RUYI_SOURCE_DIR "/models/ruyi-tiny";
constexpr char kPhoto[] = RUYI_SOURCE_DIR "/tests/data/photo.jpg";
constexpr int kFrames = 24;
constexpr uint64_t kSeed = 1;
constexpr double kTolerance = 0.1;   // of the speed
constexpr double kStillness = 0.04;  // pixels per frame: a tenth of the slowest motion
constexpr double kEvenness = 0.4;    // of the speed, that a step from frame to frame may be off
constexpr size_t kGentle = 4;        // frames in which the camera takes up its speed

std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Pixels per frame of motion 1 to 4, by the camera's name.
using SpeedTable = std::map<std::string, std::array<double, 4>>;

SpeedTable ReadSpeedTable() {
  const std::string readme = ReadFile(RUYI_SOURCE_DIR "/models/ruyi-tiny/README.md");
  const std::regex row(R"((\w+) (\d\.\d+) (\d\.\d+) (\d\.\d+) (\d\.\d+))");
  SpeedTable table;
  for (std::sregex_iterator match(readme.begin(), readme.end(), row), end; match != end; ++match) {
    for (size_t i = 0; i < 4; ++i)
      table[(*match)[1]][i] = std::stod((*match)[i + 2]);
  }
  return table;
}

struct MotionCase {
  const char* name;
  v1::Camera camera;
  cv::Point2d direction;  // of what is seen, which moves against the camera
  int motion;

  cv::Point2d Speed(const SpeedTable& table) const {
    return camera == v1::CAMERA_STATIC ? cv::Point2d() : direction * table.at(name).at(motion - 1);
  }
};

std::vector<MotionCase> MotionCases() {
  std::vector<MotionCase> cases = {{"static", v1::CAMERA_STATIC, {0, 0}, 1}};
  for (const int motion : {2, 3, 4}) {
    cases.push_back({"left", v1::CAMERA_LEFT, {1, 0}, motion});
    cases.push_back({"right", v1::CAMERA_RIGHT, {-1, 0}, motion});
    cases.push_back({"up", v1::CAMERA_UP, {0, 1}, motion});
    cases.push_back({"down", v1::CAMERA_DOWN, {0, -1}, motion});
  }
  return cases;
}

// Prints the case for the name of a test.
void PrintTo(const MotionCase& motion_case, std::ostream* out) {
  *out << motion_case.name << motion_case.motion;
}

v1::GenerateVideoRequest RequestOf(const MotionCase& motion_case) {
  v1::GenerateVideoRequest request;
  request.add_start_images()->set_data(ReadFile(kPhoto));
  request.mutable_size()->set_width(160);
  request.mutable_size()->set_height(96);
  request.set_frame_count(kFrames);
  request.set_camera(motion_case.camera);
  request.set_motion(motion_case.motion);
  request.set_seed(kSeed);
  return request;
}

// Checks that the picture moves in every frame, gently at first, and neither stops nor jumps.
void ExpectEvenSteps(const std::vector<cv::Point2d>& steps, const cv::Point2d& speed) {
  const double tolerance = std::max(kEvenness * cv::norm(speed), 4 * kStillness);
  cv::Point2d taken_up;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (i + 1 < kGentle)
      taken_up += steps[i];
    else
      EXPECT_LE(cv::norm(steps[i] - speed), tolerance) << "from frame " << i;
  }
  // An even acceleration comes to 9/8 of a step at full speed.
  EXPECT_LE(cv::norm(taken_up - 1.125 * speed), tolerance);
}

// One server with the demo model for all cases.
class CameraMotionTest : public testing::TestWithParam<MotionCase> {
 protected:
  static void SetUpTestSuite() {
    static absl::Notification loaded;
    static absl::Status load_status;
    const ServerOptions options = {.model = kModel,
                                   .listen = "127.0.0.1:0",
                                   .metrics_listen = "127.0.0.1:0",
                                   .admin_listen = "",
                                   .admin_page = "",
                                   .state_dir = StateDir()};
    ASSERT_OK_AND_ASSIGN(server_,
                         Server::Start(options, MakeComponents(options), {.on_loaded = [](const absl::Status& status) {
                                         load_status = status;
                                         loaded.Notify();
                                       }}));
    ASSERT_TRUE(loaded.WaitForNotificationWithTimeout(kPatience));
    ASSERT_THAT(load_status, IsOk());
  }

  static void TearDownTestSuite() {
    server_.reset();
    std::filesystem::remove_all(StateDir());
  }

  static std::string StateDir() { return testing::TempDir() + absl::StrFormat("camera_motion.%d.state", getpid()); }

  void SetUp() override { ASSERT_NE(server_, nullptr); }
  void TearDown() override { std::filesystem::remove(path_); }

  void MakeFilm(const MotionCase& motion_case) {
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<client::PartialFile> file, client::PartialFile::Create(path_));
    client::VideoReceiver receiver(file.get());
    client::VideoClient client(absl::StrFormat("127.0.0.1:%d", server_->port()));
    v1::CreateVideoRequest create;
    *create.mutable_request() = RequestOf(motion_case);
    v1::Video video;
    grpc::Status status = client.Create(create, {}, &video);
    ASSERT_TRUE(status.ok()) << status.error_message();
    v1::WatchVideoRequest watch;
    watch.set_name(video.name());
    status = client.Watch(watch, {.timeout = kPatience}, [](const v1::VideoEvent&) { return absl::OkStatus(); });
    ASSERT_TRUE(status.ok()) << status.error_message();
    v1::DownloadVideoRequest download;
    download.set_name(video.name());
    status = client.Download(download, {.timeout = kPatience},
                             [&receiver](const v1::VideoChunk& chunk) { return receiver.OnChunk(chunk); });
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_THAT(receiver.error(), IsOk());
    ASSERT_TRUE(receiver.whole());
    ASSERT_THAT(file->Commit(), IsOk());
  }

  const std::string path_ = testing::TempDir() + absl::StrFormat("camera_motion.%d.mp4", getpid());
  static inline std::unique_ptr<Server> server_;
};

TEST_P(CameraMotionTest, MovesThePictureAgainstTheCameraAtTheSpeedOfTheReadme) {
  ASSERT_NO_FATAL_FAILURE(MakeFilm(GetParam()));
  const std::vector<cv::Mat> frames = ReadGreyFrames(path_);
  ASSERT_EQ(frames.size(), kFrames);
  ASSERT_EQ(frames.front().size(), cv::Size(160, 96));
  const cv::Point2d expected = GetParam().Speed(ReadSpeedTable());
  const cv::Point2d measured = MeasureMotion(frames);
  RecordProperty("pixels_per_frame", absl::StrFormat("%.3f,%.3f", measured.x, measured.y));
  const double tolerance = std::max(kTolerance * cv::norm(expected), kStillness);
  EXPECT_NEAR(measured.x, expected.x, tolerance);
  EXPECT_NEAR(measured.y, expected.y, tolerance);
  ExpectEvenSteps(MeasureSteps(frames), expected);
}

INSTANTIATE_TEST_SUITE_P(Cameras, CameraMotionTest, testing::ValuesIn(MotionCases()),
                         testing::PrintToStringParamName());

TEST(SpeedTableTest, HasFourSpeedsOfEachCameraThatMoves) {
  const SpeedTable table = ReadSpeedTable();
  ASSERT_EQ(table.size(), 4);
  for (const auto& [camera, speeds] : table) {
    EXPECT_GT(speeds[0], 0) << camera;
    EXPECT_TRUE(std::is_sorted(speeds.begin(), speeds.end())) << camera;
  }
}

}  // namespace
}  // namespace ruyi
