// ruyi-hostile-server: ruyi-server with a pipeline and an encoder that are fakes and at once done, and all else as it
// is, the decoding of pictures included. tests/hostile attacks it.
#include <memory>

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

absl::StatusOr<LoadedPipelines> LoadFakes() {
  LoadedPipelines loaded = {.pipelines = {}, .devices = {"fake"}, .model_sha256 = "fake"};
  loaded.pipelines.push_back(std::make_unique<FakePipeline>());
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
