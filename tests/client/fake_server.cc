#include "tests/client/fake_server.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/client/scripted_events.h"

namespace ruyi::client {
namespace {

const grpc::Status kNoScript(grpc::UNIMPLEMENTED, "the test has no script for this call");

}  // namespace

FakeServer::FakeServer() {
  Start();
}

FakeServer::~FakeServer() {
  Stop();
}

void FakeServer::Start() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address_, grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
}

void FakeServer::Stop() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

void FakeServer::Make(const std::string& film, size_t chunk_bytes) {
  OnCreate(&CreateIt);
  OnWatch(SendEvents({AcceptedEvent(), CompletedEvent(film)}));
  OnDownload(SendFilm(film, chunk_bytes));
}

void FakeServer::Accept(const std::vector<v1::VideoEvent>& events, const grpc::Status& end) {
  OnCreate(&CreateIt);
  OnWatch(SendEvents(events, end));
  OnDownload(&WaitUntilCancelled);
}

void FakeServer::Answer(const std::vector<v1::Video>& videos, int page_size) {
  videos_ = videos;
  page_size_ = page_size;
}

std::vector<std::string> FakeServer::named() {
  absl::MutexLock lock(&mutex_);
  return named_;
}

std::vector<std::string> FakeServer::uploads() {
  absl::MutexLock lock(&mutex_);
  return uploads_;
}

void FakeServer::Note(const std::string& call) {
  absl::MutexLock lock(&mutex_);
  named_.push_back(call);
}

grpc::Status FakeServer::CreateVideo(grpc::ServerContext*, const v1::CreateVideoRequest* request, v1::Video* video) {
  const auto script = creations_.Take(*request);
  return script.has_value() ? (*script)(*request, *video) : kNoScript;
}

grpc::Status FakeServer::WatchVideo(grpc::ServerContext* context, const v1::WatchVideoRequest* request,
                                    EventWriter* writer) {
  const auto script = watches_.Take(*request);
  return script.has_value() ? (*script)(*context, *request, *writer) : kNoScript;
}

grpc::Status FakeServer::DownloadVideo(grpc::ServerContext* context, const v1::DownloadVideoRequest* request,
                                       ChunkWriter* writer) {
  const auto script = downloads_.Take(*request);
  return script.has_value() ? (*script)(*context, *request, *writer) : kNoScript;
}

grpc::Status FakeServer::GetVideo(grpc::ServerContext*, const v1::GetVideoRequest* request, v1::Video* video) {
  Note("get " + request->name());
  *video = video_;
  return refusal_;
}

// A page's token is the index of its first video.
grpc::Status FakeServer::ListVideos(grpc::ServerContext*, const v1::ListVideosRequest* request,
                                    v1::ListVideosResponse* response) {
  lists_.Take(*request);
  const size_t begin = std::strtoul(request->page_token().c_str(), nullptr, 10);
  const size_t end = std::min(videos_.size(), begin + std::min(page_size_, request->page_size()));
  for (size_t i = begin; i < end; ++i)
    *response->add_videos() = videos_[i];
  if (end < videos_.size())
    response->set_next_page_token(absl::StrCat(end));
  return refusal_;
}

grpc::Status FakeServer::CancelVideo(grpc::ServerContext*, const v1::CancelVideoRequest* request, v1::Video* video) {
  Note("cancel " + request->name());
  *video = video_;
  return refusal_;
}

grpc::Status FakeServer::DeleteVideo(grpc::ServerContext*, const v1::DeleteVideoRequest* request,
                                     google::protobuf::Empty*) {
  Note("delete " + request->name());
  return refusal_;
}

grpc::Status FakeServer::UploadImage(grpc::ServerContext*, grpc::ServerReader<v1::UploadImageRequest>* reader,
                                     v1::Image* image) {
  std::string picture;
  for (v1::UploadImageRequest part; reader->Read(&part);)
    picture += part.data();
  absl::MutexLock lock(&mutex_);
  uploads_.push_back(picture);
  image->set_name(absl::StrCat("images/", uploads_.size()));
  return refusal_;
}

grpc::Status FakeServer::EstimateVideo(grpc::ServerContext*, const v1::EstimateVideoRequest* request,
                                       v1::EstimateVideoResponse* response) {
  questions_.Take(*request);
  *response = estimate_;
  return refusal_;
}

grpc::Status FakeServer::GetCapabilities(grpc::ServerContext*, const v1::GetCapabilitiesRequest*,
                                         v1::Capabilities* response) {
  *response = capabilities_;
  return refusal_;
}

}  // namespace ruyi::client
