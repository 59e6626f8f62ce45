// The part of VideoService that stands between gRPC and its methods.
#include <grpcpp/impl/codegen/server_callback_handlers.h>

#include <memory>

#include "server/convert/status_to_grpc.h"
#include "server/service/ended_stream.h"
#include "server/service/too_many_requests.h"
#include "server/service/upload_call.h"
#include "server/service/video_service.h"

namespace ruyi {
namespace {

int IndexOf(const char* method) {
  return ruyi::v1::CreateVideoRequest::descriptor()->file()->service(0)->FindMethodByName(method)->index();
}

}  // namespace

void VideoService::BoundMessages() {
  Bound("CreateVideo", &VideoService::CreateVideo);
  Bound("GetVideo", &VideoService::GetVideo);
  Bound("ListVideos", &VideoService::ListVideos);
  Bound("WatchVideo", &VideoService::WatchVideo);
  Bound("DownloadVideo", &VideoService::DownloadVideo);
  Bound("CancelVideo", &VideoService::CancelVideo);
  Bound("DeleteVideo", &VideoService::DeleteVideo);
  Bound("GenerateVideo", &VideoService::GenerateVideo);
  Bound("EstimateVideo", &VideoService::EstimateVideo);
  Bound("GetCapabilities", &VideoService::GetCapabilities);
  using Upload = ReceivedMessage<ruyi::v1::UploadImageRequest>;
  MarkMethodCallback(IndexOf("UploadImage"),
                     new grpc::internal::CallbackClientStreamingHandler<Upload, ruyi::v1::Image>(
                         [this](auto* context, ruyi::v1::Image* response) { return OpenUpload(context, response); }));
}

template <typename Request, typename Response>
void VideoService::Bound(const char* name, Unary<Request, Response> method) {
  const auto call = [this, name, method](grpc::CallbackServerContext* context, const ReceivedMessage<Request>* received,
                                         Response* response) -> grpc::ServerUnaryReactor* {
    const absl::Status status = Check(*received);
    if (status.ok())
      return (this->*method)(context, &received->message, response);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(ToGrpc(RefusalOf(name, status, *context)));
    return reactor;
  };
  MarkMethodCallback(IndexOf(name), new grpc::internal::CallbackUnaryHandler<ReceivedMessage<Request>, Response>(call));
}

template <typename Request, typename Response>
void VideoService::Bound(const char* name, Streaming<Request, Response> method) {
  const auto call = [this, name, method](
                        grpc::CallbackServerContext* context,
                        const ReceivedMessage<Request>* received) -> grpc::ServerWriteReactor<Response>* {
    const absl::Status status = Check(*received);
    if (status.ok())
      return (this->*method)(context, &received->message);
    return new EndedStream<Response>(RefusalOf(name, status, *context));
  };
  MarkMethodCallback(IndexOf(name),
                     new grpc::internal::CallbackServerStreamingHandler<ReceivedMessage<Request>, Response>(call));
}

// The share stays with the message, as long as the call lasts.
template <typename Request>
absl::Status VideoService::Check(const ReceivedMessage<Request>& received) {
  if (!received.status.ok())
    return received.status;
  received.share = message_budget_.Take(received.memory_bytes);
  return received.share ? absl::OkStatus() : TooManyRequests();
}

// Who is not let in is told nothing of the message.
absl::Status VideoService::RefusalOf(const char* method, const absl::Status& why,
                                     grpc::CallbackServerContext& context) const {
  const absl::StatusOr<CallContext> caller = Admit(method, context);
  if (!caller.ok())
    return caller.status();
  parts_.intake->CountRefusal(*caller, why);
  return why;
}

grpc::ServerReadReactor<ReceivedMessage<ruyi::v1::UploadImageRequest>>* VideoService::OpenUpload(
    grpc::CallbackServerContext* context, ruyi::v1::Image* response) {
  const auto call = std::make_shared<UploadCall>(UploadCall::Parts{.caller = Admit("UploadImage", *context),
                                                                   .intake = parts_.intake,
                                                                   .pool = &*intake_pool_,
                                                                   .open_uploads = &open_uploads_,
                                                                   .clock = parts_.clock},
                                                 *context, response);
  call->Start();
  streams_.Add(call);
  return call.get();
}

}  // namespace ruyi
