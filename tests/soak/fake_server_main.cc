// ruyi-soak-server: ruyi-server with a pipeline, decoder and encoder that are fakes, and all else as it is: flags,
// gRPC, jobs in SQLite, bytes as files. Its videos take some hundredths of a second, and their bytes depend on seed and
// frame. tests/soak/soak.py breaks it. Pictures are texts: tests/support/fake_image_decoder.h.
#include <memory>

#include "absl/time/time.h"
#include "core/base/wake_up.h"
#include "core/http/curl_http_client.h"
#include "server/app/open_stores.h"
#include "server/app/serve.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/fake_image_encoder.h"
#include "tests/support/fake_pipeline.h"
#include "tests/support/fake_video_encoder.h"

namespace ruyi {
namespace {

constexpr int kWorkers = 2;
// The time that each encoder chunk, denoising step and frame takes, so that faults find a job at work.
constexpr absl::Duration kWork = absl::Milliseconds(3);
// This many bytes make a video take several chunks.
constexpr int kBytesPerFrame = 40'000;

absl::StatusOr<LoadedPipelines> LoadFakes() {
  LoadedPipelines loaded = {.pipelines = {}, .devices = {}, .model_sha256 = "fake"};
  for (int i = 0; i < kWorkers; ++i) {
    FakePipelineOptions options;
    options.at_boundary = [](Phase, int) { WakeUp().Wait(kWork); };
    loaded.pipelines.push_back(std::make_unique<FakePipeline>(std::move(options)));
    loaded.devices.emplace_back("fake");
  }
  return loaded;
}

Components MakeFakes(const ServerOptions& options) {
  Components components;
  components.load_pipelines = &LoadFakes;
  components.open_stores = [options, clock = components.clock] { return OpenStores(options, *clock); };
  components.image_decoder = std::make_unique<FakeImageDecoder>();
  components.image_encoder = std::make_unique<FakeImageEncoder>();
  components.collector = std::make_unique<CurlHttpClient>(CurlOptions());
  components.video_encoders = std::make_unique<FakeVideoEncoderFactory>(
      FakeVideoEncoderOptions{.bytes_per_frame = kBytesPerFrame, .fail_at_frame = {}, .shaded = true});
  return components;
}

}  // namespace
}  // namespace ruyi

int main(int argc, char** argv) {
  return ruyi::ServeAsProgram(argc, argv, &ruyi::MakeFakes);
}
