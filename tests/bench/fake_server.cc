#include "tests/bench/fake_server.h"

#include <memory>
#include <utility>

#include "core/media/opencv/opencv_image_decoder.h"
#include "server/app/component_factory.h"
#include "tests/support/fake_pipeline.h"
#include "tests/support/fake_video_encoder.h"

namespace ruyi {
namespace {

Components MakeFakes(const FakeServerOptions& options, const ServerOptions& server) {
  Components components = MakeComponents(server);
  components.load_pipelines = [at_boundary = options.at_boundary] {
    LoadedPipelines loaded = {.pipelines = {}, .devices = {"fake"}, .model_sha256 = "fake"};
    loaded.pipelines.push_back(std::make_unique<FakePipeline>(FakePipelineOptions{.at_boundary = at_boundary}));
    return loaded;
  };
  components.video_encoders =
      std::make_unique<FakeVideoEncoderFactory>(FakeVideoEncoderOptions{.bytes_per_frame = options.bytes_per_frame});
  return components;
}

}  // namespace

FakeServer::FakeServer(const FakeServerOptions& options)
    : TestServer([&options](const ServerOptions& server) { return MakeFakes(options, server); },
                 options.queue_capacity) {}

}  // namespace ruyi
