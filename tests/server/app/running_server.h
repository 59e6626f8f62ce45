// A whole Server with fakes for all that it computes with, on free ports of this machine. Not thread-safe but for what
// it gives out.
#pragma once

#include <grpcpp/channel.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "server/app/server.h"
#include "tests/server/counter.h"
#include "tests/server/test_pipeline.h"
#include "tests/server/video_call.h"
#include "tests/support/fake_video_encoder.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {

struct RunningOptions {
  // Checkpoints are made only where a job is handed back.
  ServerOptions server = {.listen = "127.0.0.1:0",
                          .metrics_listen = "127.0.0.1:0",
                          .admin_listen = "127.0.0.1:0",
                          .admin_page = "127.0.0.1:0",
                          .checkpoint_interval = absl::InfiniteDuration(),
                          .log_level = "error"};
  FakePipelineOptions pipeline;
  std::vector<FakePipelineOptions> other_pipelines;  // of further devices; nobody watches them
  FakeVideoEncoderOptions encoder;
  std::function<absl::Status()> on_load = [] { return absl::OkStatus(); };  // on the thread that loads
  bool awaits_loading = true;
  bool keeps_jobs = false;  // for the next server of the same test
  std::function<std::unique_ptr<JobStore>(const JobStoreOptions&, const Clock&)> open_jobs;  // absent: jobs in memory
  std::function<std::unique_ptr<HttpClient>()> collector = [] { return nullptr; };           // of traces
  StopLimits stop_limits;
};

class RunningServer {
 public:
  // `server.model` becomes an empty folder, which gives the default limits, unless it is set.
  explicit RunningServer(RunningOptions options = {});
  ~RunningServer() { Stop(); }

  // Returns the status with which Start ended or, once awaited, the loading.
  absl::Status status() const { return status_; }
  absl::Status AwaitLoaded();

  // Blocks until a worker is lost; false when that takes longer than kPatience.
  bool AwaitWorkerLost() const { return lost_.Await(1); }

  // Returns how often an administrator has asked for a drain, and with which patience last.
  const Counter& drains() const { return drains_; }
  absl::Duration drain_patience() const { return drain_patience_; }

  // Destroys the server. Nothing but status may be asked for after it.
  void Stop();

  Server& server() { return *server_; }
  const PipelineWatch& pipeline() const { return watch_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  std::shared_ptr<grpc::Channel> admin_channel() const { return ConnectTo(server_->admin_port()); }
  VideoCall Call(const v1::GenerateVideoRequest& request) { return VideoCall(channel_, request); }

  // The text of /metrics.
  std::string Metrics();

 private:
  const TemporaryFolder folder_;
  PipelineWatch watch_;
  absl::Notification loaded_;
  absl::Status load_status_;
  Counter lost_;
  Counter drains_;
  absl::Duration drain_patience_;
  absl::Status status_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace ruyi
