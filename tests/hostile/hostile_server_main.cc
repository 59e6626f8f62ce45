// ruyi-hostile-server: ruyi-server with a pipeline and an encoder that are fakes and at once done, and all else as it
// is, the decoding of pictures included. tests/hostile attacks it. With FAKE_STEP_MS in its environment a denoising
// step takes that long, in which the host waits as it does for a GPU.
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "core/base/wake_up.h"
#include "core/media/opencv/opencv_image_decoder.h"
#include "server/app/open_stores.h"
#include "server/app/serve.h"
#include "tests/support/fake_image_encoder.h"
#include "tests/support/fake_pipeline.h"
#include "tests/support/fake_video_encoder.h"

namespace ruyi {
namespace {

// This many bytes make a video take several chunks.
constexpr int kBytesPerFrame = 40'000;

absl::Duration StepTime() {
  const char* text = std::getenv("FAKE_STEP_MS");
  int ms = 0;
  return text != nullptr && absl::SimpleAtoi(text, &ms) ? absl::Milliseconds(ms) : absl::ZeroDuration();
}

absl::StatusOr<LoadedPipelines> LoadFakes() {
  LoadedPipelines loaded = {.pipelines = {}, .devices = {"fake"}, .model_sha256 = "fake"};
  FakePipelineOptions options;
  options.at_boundary = [step = StepTime()](Phase phase, int) {
    if (phase == Phase::kDenoising && step > absl::ZeroDuration())
      WakeUp().Wait(step);
  };
  loaded.pipelines.push_back(std::make_unique<FakePipeline>(std::move(options)));
  return loaded;
}

Components MakeFakes(const ServerOptions& options) {
  Components components;
  components.load_pipelines = &LoadFakes;
  components.open_stores = [options, clock = components.clock] { return OpenStores(options, *clock); };
  components.image_decoder = std::make_unique<OpencvImageDecoder>();
  components.image_encoder = std::make_unique<FakeImageEncoder>();
  components.video_encoders = std::make_unique<FakeVideoEncoderFactory>(
      FakeVideoEncoderOptions{.bytes_per_frame = kBytesPerFrame, .fail_at_frame = {}, .shaded = true});
  return components;
}

}  // namespace
}  // namespace ruyi

int main(int argc, char** argv) {
  return ruyi::ServeAsProgram(argc, argv, &ruyi::MakeFakes);
}
