// One GenerateVideo call of a client. Destroying it while it runs is what a client does that goes away. Not
// thread-safe, but for Cancel.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <ruyi/v1/video_service.grpc.pb.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/server/patience.h"

namespace ruyi {

// A channel with a connection of its own and the smallest windows: what is not read stays with the server.
std::shared_ptr<grpc::Channel> ConnectTo(int port);

class VideoCall {
 public:
  using Deadline = std::chrono::system_clock::time_point;

  // So that a test that is about to fail does not hang.
  static Deadline AfterPatience() { return absl::ToChronoTime(absl::Now() + kPatience); }

  // Starts the call.
  VideoCall(const std::shared_ptr<grpc::Channel>& channel, const v1::GenerateVideoRequest& request,
            Deadline deadline = AfterPatience());

  // The next event; nullopt at the end of the stream. Blocks.
  std::optional<v1::VideoEvent> Next();

  // The next event; one of no kind at the end of the stream. Blocks.
  v1::VideoEvent Take() { return Next().value_or(v1::VideoEvent()); }

  // Events up to and with the next one of this kind; up to the end when none comes. Blocks.
  std::vector<v1::VideoEvent> ReadUntil(v1::VideoEvent::EventCase kind);

  // The events that are left. Blocks.
  std::vector<v1::VideoEvent> ReadAll() { return ReadUntil(v1::VideoEvent::EVENT_NOT_SET); }

  void Cancel() { context_.TryCancel(); }

  // Reads what is left, and returns what the call ended with; the same when asked again. Blocks.
  grpc::Status Finish();

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::VideoService::Stub> stub_;
  std::unique_ptr<grpc::ClientReader<v1::VideoEvent>> reader_;
  std::optional<grpc::Status> status_;
};

// One of no kind when there are none.
v1::VideoEvent LastOf(const std::vector<v1::VideoEvent>& events);

// The bytes of the chunks among `events`.
std::string BytesOf(const std::vector<v1::VideoEvent>& events);

}  // namespace ruyi
