#include "tests/server/video_call.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace ruyi {

std::shared_ptr<grpc::Channel> ConnectTo(int port) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials(), arguments);
}

VideoCall::VideoCall(const std::shared_ptr<grpc::Channel>& channel, const v1::GenerateVideoRequest& request,
                     Deadline deadline)
    : stub_(v1::VideoService::NewStub(channel)) {
  context_.set_deadline(deadline);
  reader_ = stub_->GenerateVideo(&context_, request);
}

std::optional<v1::VideoEvent> VideoCall::Next() {
  v1::VideoEvent event;
  if (!reader_->Read(&event))
    return std::nullopt;
  return event;
}

std::vector<v1::VideoEvent> VideoCall::ReadUntil(v1::VideoEvent::EventCase kind) {
  std::vector<v1::VideoEvent> events;
  while (std::optional<v1::VideoEvent> event = Next()) {
    events.push_back(*std::move(event));
    if (events.back().event_case() == kind)
      break;
  }
  return events;
}

grpc::Status VideoCall::Finish() {
  if (!status_.has_value()) {
    ReadAll();
    status_ = reader_->Finish();
  }
  return *status_;
}

v1::VideoEvent LastOf(const std::vector<v1::VideoEvent>& events) {
  return events.empty() ? v1::VideoEvent() : events.back();
}

std::string BytesOf(const std::vector<v1::VideoEvent>& events) {
  std::string bytes;
  for (const v1::VideoEvent& event : events)
    bytes += event.chunk().data();
  return bytes;
}

}  // namespace ruyi
