// Stands between gRPC and a request's message: the message is parsed only when it can not grow in memory, and what is
// no message is told in words, where gRPC itself would say UNIMPLEMENTED and nothing else. Before it: the wire. After
// it: the handlers of video_service.h and of the health service. Each belongs to its call. Not thread-safe.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>
#include <ruyi/v1/video_service.pb.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/service/message_budget.h"

namespace ruyi {

// How many bytes a message of type T may have beside the data of pictures. An entry of two bytes on the wire may take
// 64 in memory, so the limit of a message with pictures says nothing about other messages, nor about its own lists.
template <typename T>
inline constexpr int64_t kMostBytesBeside = int64_t{64} << 10;
template <>
inline constexpr int64_t kMostBytesBeside<ruyi::v1::CreateVideoRequest> = int64_t{1} << 20;
template <>
inline constexpr int64_t kMostBytesBeside<ruyi::v1::GenerateVideoRequest> = int64_t{1} << 20;
template <>
inline constexpr int64_t kMostBytesBeside<ruyi::v1::EstimateVideoRequest> = int64_t{1} << 20;

// A message as it came, or why it was not parsed.
template <typename T>
struct ReceivedMessage {
  T message;
  absl::Status status;                 // INVALID_ARGUMENT: `message` is empty then
  int64_t memory_bytes = 0;            // about, and not less, of the message
  mutable MessageBudget::Share share;  // of those bytes, as long as the call lasts
};

// Parses `buffer` into `message`, unless it has more than `most_beside` bytes beside fields of the type bytes. Returns
// the bytes that the message takes in memory, about. INVALID_ARGUMENT INVALID_REQUEST: it was too large, or no message
// of this type.
absl::StatusOr<int64_t> ParseBounded(const grpc::ByteBuffer& buffer, int64_t most_beside,
                                     google::protobuf::Message& message);

}  // namespace ruyi

// gRPC asks this to parse; it always succeeds, for only a handler can say what was wrong.
template <typename T>
class grpc::SerializationTraits<ruyi::ReceivedMessage<T>> {
 public:
  static grpc::Status Deserialize(grpc::ByteBuffer* buffer, ruyi::ReceivedMessage<T>* received) {
    const absl::StatusOr<int64_t> bytes = ruyi::ParseBounded(*buffer, ruyi::kMostBytesBeside<T>, received->message);
    buffer->Clear();
    received->status = bytes.status();
    received->memory_bytes = bytes.value_or(0);
    return grpc::Status::OK;
  }
};
