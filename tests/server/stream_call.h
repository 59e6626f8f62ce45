// One call of WatchVideo or DownloadVideo. Destroying it while it runs acts as a client that goes away. Not
// thread-safe, but for Cancel.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <ruyi/v1/video_service.grpc.pb.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/video_call.h"

namespace ruyi {

template <typename Message>
class StreamCall {
 public:
  // Starts the call.
  template <typename Request>
  StreamCall(const std::shared_ptr<grpc::Channel>& channel,
             std::unique_ptr<grpc::ClientReader<Message>> (v1::VideoService::Stub::*method)(grpc::ClientContext*,
                                                                                            const Request&),
             const Request& request)
      : stub_(v1::VideoService::NewStub(channel)) {
    context_.set_deadline(VideoCall::AfterPatience());
    reader_ = (*stub_.*method)(&context_, request);
  }

  // Returns the next message; nullopt at the end of the stream. Blocks.
  std::optional<Message> Next() {
    Message message;
    if (!reader_->Read(&message))
      return std::nullopt;
    return message;
  }

  // Returns the messages that are left. Blocks.
  std::vector<Message> ReadAll() {
    std::vector<Message> messages;
    while (std::optional<Message> message = Next())
      messages.push_back(*std::move(message));
    return messages;
  }

  void Cancel() { context_.TryCancel(); }

  // Reads the messages that are left, and returns what the call ended with. May be called once. Blocks.
  grpc::Status Finish() {
    ReadAll();
    return reader_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::VideoService::Stub> stub_;
  std::unique_ptr<grpc::ClientReader<Message>> reader_;
};

class WatchCall : public StreamCall<v1::VideoEvent> {
 public:
  WatchCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& name, int64_t after_seq = 0)
      : StreamCall(channel, &v1::VideoService::Stub::WatchVideo, RequestOf(name, after_seq)) {}

 private:
  static v1::WatchVideoRequest RequestOf(const std::string& name, int64_t after_seq) {
    v1::WatchVideoRequest request;
    request.set_name(name);
    request.set_after_seq(after_seq);
    return request;
  }
};

class DownloadCall : public StreamCall<v1::VideoChunk> {
 public:
  DownloadCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& name, int64_t offset = 0,
               int64_t limit = 0)
      : StreamCall(channel, &v1::VideoService::Stub::DownloadVideo, RequestOf(name, offset, limit)) {}

 private:
  static v1::DownloadVideoRequest RequestOf(const std::string& name, int64_t offset, int64_t limit) {
    v1::DownloadVideoRequest request;
    request.set_name(name);
    request.set_read_offset(offset);
    request.set_read_limit(limit);
    return request;
  }
};

}  // namespace ruyi
