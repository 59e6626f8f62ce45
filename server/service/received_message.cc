#include "server/service/received_message.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/impl/codegen/proto_buffer_reader.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"

namespace ruyi {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// What a byte beside the bytes of pictures may become in memory.
constexpr int64_t kGrowth = 32;

// Walks over a message without keeping anything of it.
class WireWalk {
 public:
  WireWalk(CodedInputStream& in, int64_t most_beside) : in_(in), most_beside_(most_beside) {}

  // Returns false where the bytes are no message, or too many of them lie beside fields of the type bytes.
  bool Walk(const Descriptor& type) {
    while (const uint32_t tag = in_.ReadTag()) {
      const FieldDescriptor* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      const bool is_sized = WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      if (!(is_sized && field != nullptr ? WalkSized(*field) : WireFormatLite::SkipField(&in_, tag)) || IsTooLarge())
        return false;
    }
    return in_.ConsumedEntireMessage() && !IsTooLarge();
  }

  bool IsTooLarge() const { return beside() > most_beside_; }
  int64_t beside() const { return in_.CurrentPosition() - in_bytes_; }
  int64_t in_bytes() const { return in_bytes_; }

 private:
  bool WalkSized(const FieldDescriptor& field) {
    uint32_t size = 0;
    if (!in_.ReadVarint32(&size) || size > INT32_MAX)
      return false;
    if (field.type() == FieldDescriptor::TYPE_BYTES) {
      in_bytes_ += size;
      return in_.Skip(static_cast<int>(size));
    }
    if (field.type() != FieldDescriptor::TYPE_MESSAGE)
      return in_.Skip(static_cast<int>(size));
    const CodedInputStream::Limit end = in_.PushLimit(static_cast<int>(size));
    const bool is_whole = Walk(*field.message_type()) && in_.BytesUntilLimit() == 0;
    in_.PopLimit(end);
    return is_whole;
  }

  CodedInputStream& in_;
  const int64_t most_beside_;
  int64_t in_bytes_ = 0;
};

absl::Status TooLarge(int64_t most_beside) {
  return InvalidFields(
      {{"message", absl::StrFormat("has more than %d bytes beside the data of its pictures; send fewer "
                                   "or shorter entries",
                                   most_beside)}});
}

absl::Status NoMessage(const google::protobuf::Message& message) {
  return InvalidFields({{"message", absl::StrFormat("is no %s; build the client with the protos of this server",
                                                    message.GetDescriptor()->full_name())}});
}

// Parses what was walked over.
bool Parse(grpc::ByteBuffer& buffer, google::protobuf::Message& message) {
  grpc::ProtoBufferReader reader(&buffer);
  return reader.status().ok() && message.ParseFromZeroCopyStream(&reader);
}

}  // namespace

absl::StatusOr<int64_t> ParseBounded(const grpc::ByteBuffer& buffer, int64_t most_beside,
                                     google::protobuf::Message& message) {
  grpc::ByteBuffer bytes = buffer;  // shares them
  grpc::ProtoBufferReader reader(&bytes);
  if (!reader.status().ok())
    return NoMessage(message);
  CodedInputStream in(&reader);
  WireWalk walk(in, most_beside);
  if (!walk.Walk(*message.GetDescriptor()))
    return walk.IsTooLarge() ? TooLarge(most_beside) : NoMessage(message);
  if (!Parse(bytes, message)) {
    message.Clear();
    return NoMessage(message);
  }
  return walk.in_bytes() + kGrowth * walk.beside();
}

}  // namespace ruyi
