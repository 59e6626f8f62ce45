#include "tests/server/app/running_server.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/artifact/files/file_artifact_store.h"
#include "core/base/status_macros.h"
#include "core/store/memory/memory_job_store.h"
#include "core/store/sqlite/sqlite_job_store.h"
#include "server/app/log.h"
#include "server/app/ticker.h"
#include "tests/server/http_get.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/fake_image_encoder.h"

namespace ruyi {
namespace {

absl::StatusOr<Stores> OpenStores(const RunningOptions& options, const Clock& clock) {
  const std::string& folder = options.server.state_dir;
  const JobStoreOptions jobs = {.queue_capacity = options.server.queue_capacity};
  Stores stores;
  RUYI_ASSIGN_OR_RETURN(stores.artifacts, FileArtifactStore::Open(folder, {}, clock));
  stores.jobs = options.open_jobs ? options.open_jobs(jobs, clock) : std::make_unique<MemoryJobStore>(jobs, clock);
  if (options.keeps_jobs) {
    RUYI_ASSIGN_OR_RETURN(stores.jobs, SqliteJobStore::Open(folder, {.jobs = jobs, .at_boundary = {}}, clock));
  }
  return stores;
}

Components MakeComponents(const RunningOptions& options, PipelineWatch* watch) {
  Components components;
  components.load_pipelines = [pipeline = options.pipeline, others = options.other_pipelines, on_load = options.on_load,
                               watch]() -> absl::StatusOr<LoadedPipelines> {
    RUYI_RETURN_IF_ERROR(on_load());
    LoadedPipelines loaded = {.pipelines = {}, .devices = {"fake"}, .model_sha256 = "model"};
    loaded.pipelines.push_back(MakeWatchedPipeline(pipeline, watch));
    for (const FakePipelineOptions& other : others) {
      loaded.pipelines.push_back(std::make_unique<FakePipeline>(other));
      loaded.devices.push_back("fake");
    }
    return loaded;
  };
  components.open_stores = [options, clock = components.clock] { return OpenStores(options, *clock); };
  components.image_decoder = std::make_unique<FakeImageDecoder>();
  components.image_encoder = std::make_unique<FakeImageEncoder>();
  components.video_encoders = std::make_unique<FakeVideoEncoderFactory>(options.encoder);
  components.collector = options.collector();
  components.stop_limits = options.stop_limits;
  return components;
}

// Servers whose jobs lie in memory share no folder, for artifacts belong to one store of jobs.
std::string FolderSuffix(const RunningOptions& options) {
  static std::atomic<int> count = 0;
  return options.keeps_jobs || options.open_jobs ? "" : absl::StrCat(".", ++count);
}

}  // namespace

RunningServer::RunningServer(RunningOptions options) : folder_(FolderSuffix(options)) {
  if (options.server.model.empty())
    options.server.model = folder_.path().string();
  if (options.server.state_dir.empty())
    options.server.state_dir = (folder_.path() / "state").string();
  SetLogLevel(options.server.log_level);
  absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Start(options.server, MakeComponents(options, &watch_),
                    {.on_loaded =
                         [this](const absl::Status& status) {
                           load_status_ = status;
                           loaded_.Notify();
                         },
                     .on_worker_lost = [this](const absl::Status&) { lost_.Increment(); },
                     .on_drain =
                         [this](absl::Duration patience) {
                           drain_patience_ = patience;
                           drains_.Increment();
                         }});
  status_ = server.status();
  if (!server.ok())
    return;
  server_ = *std::move(server);
  channel_ = ConnectTo(server_->port());
  if (options.awaits_loading)
    AwaitLoaded().IgnoreError();
}

// The web servers of /metrics and of the page look every two seconds whether they are to end, and whenever someone
// connects.
void RunningServer::Stop() {
  if (server_ == nullptr)
    return;
  const Ticker connecting(absl::Milliseconds(5),
                          [ports = std::vector<int>{server_->metrics_port(), server_->page_port()}] {
                            for (const int port : ports)
                              Knock(port);
                          });
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
