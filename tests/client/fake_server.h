// A VideoService on a free port of this machine that does what a test says. Thread-safe but for the setters, which come
// before the calls.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_context.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "ruyi/v1/video_service.grpc.pb.h"
#include "tests/client/scripted_calls.h"

namespace ruyi::client {

class FakeServer final : public v1::VideoService::Service {
 public:
  FakeServer();
  ~FakeServer() override;

  // Returns the server's address, HOST:PORT.
  const std::string& address() const { return address_; }

  // Cuts every connection, and listens again at the same address.
  void Stop();
  void Start();

  // These set what the calls do: each call takes the next script, and the last script stays. Calls without a script end
  // with UNIMPLEMENTED.
  void OnCreate(CreateScript script) { creations_.Add(std::move(script)); }
  void OnWatch(WatchScript script) { watches_.Add(std::move(script)); }
  void OnDownload(DownloadScript script) { downloads_.Add(std::move(script)); }

  // Makes "videos/7" of any request: accepted and completed, `film` in chunks of `chunk_bytes`.
  void Make(const std::string& film, size_t chunk_bytes);
  // Accepts any request as "videos/7" that sends `events` and has no bytes.
  void Accept(const std::vector<v1::VideoEvent>& events, const grpc::Status& end = grpc::Status::OK);

  void Answer(const v1::Capabilities& capabilities) { capabilities_ = capabilities; }
  void Answer(const v1::EstimateVideoResponse& estimate) { estimate_ = estimate; }
  void Answer(const v1::Video& video) { video_ = video; }  // of GetVideo and CancelVideo
  // The videos of ListVideos, in pages of `page_size` at most.
  void Answer(const std::vector<v1::Video>& videos, int page_size);
  // Makes all calls that have no script end with `status`.
  void Refuse(const grpc::Status& status) { refusal_ = status; }

  // The requests of each call so far.
  std::vector<v1::CreateVideoRequest> creations() { return creations_.requests(); }
  std::vector<v1::WatchVideoRequest> watches() { return watches_.requests(); }
  std::vector<v1::DownloadVideoRequest> downloads() { return downloads_.requests(); }
  std::vector<v1::EstimateVideoRequest> questions() { return questions_.requests(); }
  std::vector<v1::ListVideosRequest> lists() { return lists_.requests(); }
  // The names of GetVideo, CancelVideo and DeleteVideo: "get videos/7".
  std::vector<std::string> named();
  // The pictures of UploadImage.
  std::vector<std::string> uploads();

 private:
  grpc::Status CreateVideo(grpc::ServerContext*, const v1::CreateVideoRequest*, v1::Video*) override;
  grpc::Status WatchVideo(grpc::ServerContext*, const v1::WatchVideoRequest*, EventWriter*) override;
  grpc::Status DownloadVideo(grpc::ServerContext*, const v1::DownloadVideoRequest*, ChunkWriter*) override;
  grpc::Status GetVideo(grpc::ServerContext*, const v1::GetVideoRequest*, v1::Video*) override;
  grpc::Status ListVideos(grpc::ServerContext*, const v1::ListVideosRequest*, v1::ListVideosResponse*) override;
  grpc::Status CancelVideo(grpc::ServerContext*, const v1::CancelVideoRequest*, v1::Video*) override;
  grpc::Status DeleteVideo(grpc::ServerContext*, const v1::DeleteVideoRequest*, google::protobuf::Empty*) override;
  grpc::Status UploadImage(grpc::ServerContext*, grpc::ServerReader<v1::UploadImageRequest>*, v1::Image*) override;
  grpc::Status EstimateVideo(grpc::ServerContext*, const v1::EstimateVideoRequest*,
                             v1::EstimateVideoResponse*) override;
  grpc::Status GetCapabilities(grpc::ServerContext*, const v1::GetCapabilitiesRequest*, v1::Capabilities*) override;

  void Note(const std::string& call);

  ScriptedCalls<CreateScript, v1::CreateVideoRequest> creations_;
  ScriptedCalls<WatchScript, v1::WatchVideoRequest> watches_;
  ScriptedCalls<DownloadScript, v1::DownloadVideoRequest> downloads_;
  ScriptedCalls<int, v1::EstimateVideoRequest> questions_;
  ScriptedCalls<int, v1::ListVideosRequest> lists_;
  v1::Capabilities capabilities_;
  v1::EstimateVideoResponse estimate_;
  v1::Video video_;
  std::vector<v1::Video> videos_;
  int page_size_ = 1;
  grpc::Status refusal_;
  absl::Mutex mutex_;
  std::vector<std::string> named_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> uploads_ ABSL_GUARDED_BY(mutex_);
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace ruyi::client
