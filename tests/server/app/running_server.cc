#include "tests/server/app/running_server.h"

#include <utility>

#include "core/base/status_macros.h"
#include "server/app/log.h"
#include "server/app/ticker.h"
#include "tests/server/http_get.h"
#include "tests/support/fake_image_decoder.h"

namespace ruyi {
namespace {

using Pipelines = std::vector<std::unique_ptr<Pipeline>>;

Components MakeComponents(const RunningOptions& options, PipelineWatch* watch) {
  Components components;
  components.load_pipelines = [pipeline = options.pipeline, others = options.other_pipelines, on_load = options.on_load,
                               watch]() -> absl::StatusOr<Pipelines> {
    RUYI_RETURN_IF_ERROR(on_load());
    Pipelines pipelines;
    pipelines.push_back(MakeWatchedPipeline(pipeline, watch));
    for (const FakePipelineOptions& other : others)
      pipelines.push_back(std::make_unique<FakePipeline>(other));
    return pipelines;
  };
  components.image_decoder = std::make_unique<FakeImageDecoder>();
  components.video_encoders = std::make_unique<FakeVideoEncoderFactory>(options.encoder);
  return components;
}

}  // namespace

RunningServer::RunningServer(RunningOptions options) {
  if (options.server.model.empty())
    options.server.model = folder_.path().string();
  SetLogLevel(options.server.log_level);
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(
      options.server, MakeComponents(options, &watch_),
      [this](const absl::Status& status) {
        load_status_ = status;
        loaded_.Notify();
      },
      [this](const absl::Status&) { lost_.Increment(); });
  status_ = server.status();
  if (!server.ok())
    return;
  server_ = *std::move(server);
  channel_ = ConnectTo(server_->port());
  if (options.awaits_loading)
    AwaitLoaded().IgnoreError();
}

// The web server of /metrics looks every two seconds whether it is to end, and whenever someone connects.
void RunningServer::Stop() {
  if (server_ == nullptr)
    return;
  const Ticker connecting(absl::Milliseconds(5), [port = server_->metrics_port()] { HttpGet(port, "/"); });
  server_.reset();
}

absl::Status RunningServer::AwaitLoaded() {
  status_ =
      loaded_.WaitForNotificationWithTimeout(kPatience) ? load_status_ : absl::DeadlineExceededError("not loaded");
  return status_;
}

std::string RunningServer::Metrics() {
  return HttpGet(server_->metrics_port(), "/metrics");
}

}  // namespace ruyi
