// The RPCs of ruyi.v1.VideoService, each as thin as it can be. Before it: the wire. After it: core/intake for what is
// to be made, event_stream.h and download_stream.h for what is being made. Thread-safe.
#pragma once

#include <ruyi/v1/video_service.grpc.pb.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/intake/job_intake.h"
#include "server/service/doorkeeper.h"
#include "server/service/event_stream.h"
#include "server/service/message_budget.h"
#include "server/service/received_message.h"
#include "server/service/stream_registry.h"
#include "server/service/task_pool.h"
#include "server/service/watcher_places.h"

namespace ruyi {

class VideoService final : public ruyi::v1::VideoService::CallbackService {
 public:
  // Everything that the parts point to must outlive the service.
  struct Parts {
    Doorkeeper* doorkeeper = nullptr;
    JobIntake* intake = nullptr;
    JobStore* jobs = nullptr;
    ArtifactStore* artifacts = nullptr;
    const Clock* clock = nullptr;
    std::string version;  // what GetCapabilities says
    int queue_capacity = 0;
    std::shared_ptr<const Quotas> quotas;       // none: nobody is limited
    std::function<void(size_t)> on_bytes_sent;  // is told of MP4 bytes that went to readers
  };
  explicit VideoService(Parts parts);

  grpc::ServerUnaryReactor* CreateVideo(grpc::CallbackServerContext* context,
                                        const ruyi::v1::CreateVideoRequest* request,
                                        ruyi::v1::Video* response) override;
  grpc::ServerUnaryReactor* GetVideo(grpc::CallbackServerContext* context, const ruyi::v1::GetVideoRequest* request,
                                     ruyi::v1::Video* response) override;
  grpc::ServerUnaryReactor* ListVideos(grpc::CallbackServerContext* context, const ruyi::v1::ListVideosRequest* request,
                                       ruyi::v1::ListVideosResponse* response) override;
  grpc::ServerWriteReactor<ruyi::v1::VideoEvent>* WatchVideo(grpc::CallbackServerContext* context,
                                                             const ruyi::v1::WatchVideoRequest* request) override;
  grpc::ServerWriteReactor<ruyi::v1::VideoChunk>* DownloadVideo(grpc::CallbackServerContext* context,
                                                                const ruyi::v1::DownloadVideoRequest* request) override;
  grpc::ServerUnaryReactor* CancelVideo(grpc::CallbackServerContext* context,
                                        const ruyi::v1::CancelVideoRequest* request,
                                        ruyi::v1::Video* response) override;
  grpc::ServerUnaryReactor* DeleteVideo(grpc::CallbackServerContext* context,
                                        const ruyi::v1::DeleteVideoRequest* request,
                                        google::protobuf::Empty* response) override;
  grpc::ServerWriteReactor<ruyi::v1::VideoEvent>* GenerateVideo(grpc::CallbackServerContext* context,
                                                                const ruyi::v1::GenerateVideoRequest* request) override;
  grpc::ServerUnaryReactor* EstimateVideo(grpc::CallbackServerContext* context,
                                          const ruyi::v1::EstimateVideoRequest* request,
                                          ruyi::v1::EstimateVideoResponse* response) override;
  grpc::ServerUnaryReactor* GetCapabilities(grpc::CallbackServerContext* context,
                                            const ruyi::v1::GetCapabilitiesRequest* request,
                                            ruyi::v1::Capabilities* response) override;

  // Tells how many workers share the queue.
  void SetWorkers(int workers) { workers_ = workers; }

  // Ticks every stream: heartbeats where they are due, and what other processes have changed.
  void Tick() { streams_.Tick(); }

  // Lets the streams, and those that come, send what there is, and ends each with `why` where it would have to wait.
  // Blocks until no stream has been open for a moment, in which a watcher can still open its download, and for
  // `timeout` at most.
  void FinishStreams(const absl::Status& why, absl::Duration timeout);

  // Ends all streams, and those that come, with `why`; the jobs go on.
  void EndStreams(const absl::Status& why) { streams_.EndAll(why); }

  // Waits for what is being worked on; nothing is called after it. Only when no call comes any more.
  void Stop();

 private:
  template <typename Request, typename Response>
  using Unary = grpc::ServerUnaryReactor* (VideoService::*)(grpc::CallbackServerContext*, const Request*, Response*);
  template <typename Request, typename Response>
  using Streaming = grpc::ServerWriteReactor<Response>* (VideoService::*)(grpc::CallbackServerContext*, const Request*);
  template <typename Response>
  using Work = std::function<absl::StatusOr<Response>(const CallContext&, const CancellationToken&)>;
  using Start = std::function<void(EventStream&, const CallContext&)>;

  absl::StatusOr<CallContext> Admit(const char* method, grpc::CallbackServerContext& context) const;
  template <typename Response>
  grpc::ServerUnaryReactor* AnswerOnPool(const char* method, TaskPool& pool, grpc::CallbackServerContext& context,
                                         Response* response, Work<Response> work);
  // Lets messages come to the methods of these names only within the limits of received_message.h and of the budget.
  void BoundMessages();
  template <typename Request, typename Response>
  void Bound(const char* name, Unary<Request, Response> method);
  template <typename Request, typename Response>
  void Bound(const char* name, Streaming<Request, Response> method);
  template <typename Request>
  absl::Status Check(const ReceivedMessage<Request>& received);
  absl::Status RefusalOf(const char* method, const absl::Status& why, grpc::CallbackServerContext& context) const;
  grpc::ServerReadReactor<ReceivedMessage<ruyi::v1::UploadImageRequest>>* OpenUpload(
      grpc::CallbackServerContext* context, ruyi::v1::Image* response);

  StreamSources sources();
  absl::Status Overload(const CallContext& caller) const;

  // Lets `stream` hold a place of the caller's tenant. The error of `caller`; RESOURCE_EXHAUSTED QUOTA_EXCEEDED.
  template <typename Message>
  absl::Status TakePlace(const absl::StatusOr<CallContext>& caller, PulledStream<Message>& stream);
  grpc::ServerWriteReactor<ruyi::v1::VideoEvent>* OpenOnPool(const char* method, TaskPool& pool,
                                                             grpc::CallbackServerContext& context, Start start);
  void StartWatching(EventStream& stream, const ruyi::v1::WatchVideoRequest& request, const CallContext& caller);
  void StartGenerating(EventStream& stream, const ruyi::v1::GenerateVideoRequest& request, const CallContext& caller);
  absl::StatusOr<ruyi::v1::Video> Create(const ruyi::v1::CreateVideoRequest& request, const CallContext& caller,
                                         const CancellationToken& token);
  absl::StatusOr<ruyi::v1::ListVideosResponse> List(const ruyi::v1::ListVideosRequest& request,
                                                    const CallContext& caller) const;
  absl::StatusOr<google::protobuf::Empty> Delete(const std::string& name, const CallContext& caller);

  // Returns the id of the tenant's video with this name. INVALID_ARGUMENT: it is no name of a video. NOT_FOUND: there
  // is none, or it is another tenant's.
  absl::StatusOr<std::string> IdOf(const std::string& name, const CallContext& caller) const;

  const Parts parts_;
  JobCallers callers_;
  StreamRegistry streams_;
  WatcherPlaces watchers_;
  std::atomic<int> workers_ = 1;
  std::atomic<int> open_uploads_ = 0;
  MessageBudget message_budget_;
  std::optional<TaskPool> intake_pool_;  // decodes pictures
  std::optional<TaskPool> reader_pool_;  // asks the stores
};

}  // namespace ruyi
