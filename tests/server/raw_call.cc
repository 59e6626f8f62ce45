#include "tests/server/raw_call.h"

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <vector>

namespace ruyi {
namespace {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok())
    return bytes;
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

}  // namespace

RawAnswer RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::string& message) {
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel);
  const auto call = stub.PrepareUnaryCall(&context, method, ToBuffer(message), &queue);
  call->StartCall();
  RawAnswer answer;
  grpc::ByteBuffer received;
  call->Finish(&received, &answer.status, &answer);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  answer.message = ToString(received);
  return answer;
}

Health CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  constexpr char kServing[] = "\x08\x01";
  constexpr char kNotServing[] = "\x08\x02";
  const std::string request =
      service.empty() ? "" : std::string("\x0a") + static_cast<char>(service.size()) + service;  // field 1, a string
  const RawAnswer answer = RawCall(channel, "/grpc.health.v1.Health/Check", request);
  if (answer.status.error_code() == grpc::StatusCode::NOT_FOUND)
    return Health::kUnknownService;
  if (answer.status.ok() && answer.message == kServing)
    return Health::kServing;
  return answer.status.ok() && answer.message == kNotServing ? Health::kNotServing : Health::kNoAnswer;
}

}  // namespace ruyi
