// Makes one call of AdminService, and returns what came back. A function without state; thread-safe.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <ruyi/v1/admin.grpc.pb.h>

#include <memory>
#include <type_traits>

#include "tests/server/unary_answer.h"

namespace ruyi {

template <typename Request, typename Response>
using AdminMethod = grpc::Status (v1::AdminService::Stub::*)(grpc::ClientContext*, const Request&, Response*);

// Blocks until the answer has come.
template <typename Request, typename Response>
UnaryAnswer<Response> AskAdmin(const std::shared_ptr<grpc::Channel>& channel, AdminMethod<Request, Response> method,
                               const std::type_identity_t<Request>& request) {
  grpc::ClientContext context;
  context.set_deadline(VideoCall::AfterPatience());
  UnaryAnswer<Response> answer;
  answer.status = (*v1::AdminService::NewStub(channel).*method)(&context, request, &answer.response);
  return answer;
}

}  // namespace ruyi
