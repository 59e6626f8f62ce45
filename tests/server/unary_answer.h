// Makes one unary call of VideoService, and returns what came back. Functions without state; thread-safe.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <ruyi/v1/video_service.grpc.pb.h>

#include <memory>
#include <string>
#include <type_traits>

#include "tests/server/video_call.h"

namespace ruyi {

template <typename Response>
struct UnaryAnswer {
  grpc::Status status;
  Response response;
};

template <typename Request, typename Response>
using UnaryMethod = grpc::Status (v1::VideoService::Stub::*)(grpc::ClientContext*, const Request&, Response*);

// Blocks until the answer has come.
template <typename Request, typename Response>
UnaryAnswer<Response> Ask(const std::shared_ptr<grpc::Channel>& channel, UnaryMethod<Request, Response> method,
                          const std::type_identity_t<Request>& request) {
  grpc::ClientContext context;
  context.set_deadline(VideoCall::AfterPatience());
  UnaryAnswer<Response> answer;
  answer.status = (*v1::VideoService::NewStub(channel).*method)(&context, request, &answer.response);
  return answer;
}

// These do the same for the RPCs that many tests call.
inline UnaryAnswer<v1::Video> CreateVideo(const std::shared_ptr<grpc::Channel>& channel,
                                          const v1::GenerateVideoRequest& request) {
  v1::CreateVideoRequest create;
  *create.mutable_request() = request;
  return Ask(channel, &v1::VideoService::Stub::CreateVideo, create);
}

inline UnaryAnswer<v1::Video> GetVideo(const std::shared_ptr<grpc::Channel>& channel, const std::string& name) {
  v1::GetVideoRequest request;
  request.set_name(name);
  return Ask(channel, &v1::VideoService::Stub::GetVideo, request);
}

inline UnaryAnswer<v1::Video> CancelVideo(const std::shared_ptr<grpc::Channel>& channel, const std::string& name) {
  v1::CancelVideoRequest request;
  request.set_name(name);
  return Ask(channel, &v1::VideoService::Stub::CancelVideo, request);
}

inline UnaryAnswer<google::protobuf::Empty> DeleteVideo(const std::shared_ptr<grpc::Channel>& channel,
                                                        const std::string& name) {
  v1::DeleteVideoRequest request;
  request.set_name(name);
  return Ask(channel, &v1::VideoService::Stub::DeleteVideo, request);
}

}  // namespace ruyi
