// VideoService behind a real gRPC server on a free port of this machine, with fakes for all that is slow. Not
// thread-safe but for what it gives out.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/server.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/artifact/files/file_artifact_store.h"
#include "core/intake/job_intake.h"
#include "core/store/memory/memory_job_store.h"
#include "core/store/observed_job_store.h"
#include "core/worker/worker.h"
#include "server/service/video_service.h"
#include "tests/server/service/call_log.h"
#include "tests/server/service/event_log.h"
#include "tests/server/test_pipeline.h"
#include "tests/server/video_call.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/fake_image_encoder.h"
#include "tests/support/fake_video_encoder.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {

struct ServiceOptions {
  FakePipelineOptions pipeline;
  FakeVideoEncoderOptions encoder;
  RequestLimits limits;
  FileArtifactStoreOptions artifacts;
  int queue_capacity = 8;
  int max_message_bytes = 1 << 20;
  Doorkeeper::CheckToken check_token = nullptr;  // see Doorkeeper
  std::function<void(const Doorkeeper::Refusal&)> on_refused = [](const auto&) {};
  bool is_ready = true;
  bool has_worker = true;
  int workers = 1;                            // that the intake is told of
  std::function<void()> on_decode = [] {};    // on the thread that decodes pictures
  std::function<void()> on_accepted = [] {};  // see EventLog
};

class ServiceUnderTest {
 public:
  explicit ServiceUnderTest(ServiceOptions options = {});

  // Checks that each call was finished once, and nothing was written after that.
  ~ServiceUnderTest();

  void SetReady() {
    intake_.SetReady({.costs = options_.pipeline.costs,
                      .available = [this] { return FakePipeline(options_.pipeline).AvailableMemory(); },
                      .loras = options_.pipeline.loras,
                      .sha256 = "model",
                      .workers = options_.workers});
    service_.SetWorkers(options_.workers);
  }
  void StartWorker();

  // Waits until the worker has handed its job back, and ends it.
  void StopWorker() { worker_.reset(); }

  // Ends the server as Server's destructor does.
  void Shutdown();

  VideoCall Call(const v1::GenerateVideoRequest& request) { return VideoCall(channel_, request); }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  int port() const { return port_; }

  FakeClock& clock() { return clock_; }
  JobStore& jobs() { return jobs_; }
  FileArtifactStore& artifacts() { return *artifacts_; }

  // Returns how many bytes of videos gRPC has taken, of all calls.
  int64_t bytes_sent() const { return bytes_sent_; }

  // The file of a video's bytes.
  std::filesystem::path result_path(const std::string& id) const { return folder_.path() / "results" / (id + ".mp4"); }
  JobIntake& intake() { return intake_; }
  VideoService& service() { return service_; }
  grpc::Server& server() { return *server_; }
  const EventLog& events() const { return events_; }
  const CallLog& calls() const { return calls_; }
  const PipelineWatch& pipeline() const { return watch_; }

 private:
  class Decoder final : public ImageDecoder {
   public:
    explicit Decoder(std::function<void()> on_decode) : on_decode_(std::move(on_decode)) {}
    absl::StatusOr<RgbImage> Decode(std::string_view bytes, const ImageLimits& limits) const override {
      on_decode_();
      return fake_.Decode(bytes, limits);
    }

   private:
    const std::function<void()> on_decode_;
    const FakeImageDecoder fake_;
  };

  void Listen();

  const ServiceOptions options_;
  FakeClock clock_;
  const Decoder decoder_;
  const FakeVideoEncoderFactory encoders_;
  const FakeImageEncoder previews_;
  PipelineWatch watch_;
  EventLog events_;
  CallLog calls_;
  const TemporaryFolder folder_;
  MemoryJobStore store_;
  ObservedJobStore jobs_;
  std::unique_ptr<FileArtifactStore> artifacts_;
  std::atomic<int> ids_ = 0;
  std::atomic<int64_t> bytes_sent_ = 0;
  JobIntake intake_;
  Doorkeeper doorkeeper_;
  VideoService service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Worker> worker_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace ruyi
