#include "server/convert/event_to_proto.h"

#include <utility>
#include <variant>

#include "server/convert/memory_proto.h"
#include "server/convert/status_to_grpc.h"
#include "server/convert/time_to_proto.h"
#include "server/convert/video_to_proto.h"

namespace ruyi {
namespace {

// Fills the event's oneof, one overload per kind of JobEvent.
struct EventFiller {
  const JobRecord& record;
  const LoggedEvent& logged;
  ruyi::v1::VideoEvent& proto;

  void operator()(const JobAccepted& event) {
    *proto.mutable_accepted()->mutable_video() = AcceptedVideo(record, event.placement);
  }

  void operator()(const JobQueued& event) { *proto.mutable_queued() = ToProto(event); }

  void operator()(const JobStarted& event) {
    proto.mutable_started()->set_worker(event.worker);
    proto.mutable_started()->set_attempt(event.attempt);
    *proto.mutable_started()->mutable_plan() = ToProto(event.placement);
  }

  void operator()(const JobResumed& event) { proto.mutable_resumed()->set_step(event.step); }

  void operator()(const JobProgress& event) { *proto.mutable_progress() = ToProto(event); }

  void operator()(const JobPreview& event) {
    proto.mutable_preview()->set_step(event.step);
    proto.mutable_preview()->set_jpeg(event.jpeg);
    proto.mutable_preview()->mutable_size()->set_width(event.size.width);
    proto.mutable_preview()->mutable_size()->set_height(event.size.height);
  }

  void operator()(const JobRetry& event) {
    *proto.mutable_retry()->mutable_from() = ToProto(event.retry.from);
    *proto.mutable_retry()->mutable_to() = ToProto(event.retry.to);
    proto.mutable_retry()->set_reason(event.retry.reason);
  }

  void operator()(const JobCancelling& event) { *proto.mutable_cancelling()->mutable_status() = ToProto(event.why); }

  void operator()(const JobCompleted&) {
    JobRecord then = record;
    then.last_seq = logged.seq;
    Apply(logged.event, logged.time, then);
    *proto.mutable_completed()->mutable_video() = ToProto(then);
  }

  void operator()(const JobFailed& event) { *proto.mutable_failed()->mutable_status() = ToProto(event.status); }
};

}  // namespace

ruyi::v1::VideoQueued ToProto(const JobQueued& queued) {
  ruyi::v1::VideoQueued proto;
  proto.set_position(queued.position);
  if (queued.expected_wait.has_value())
    *proto.mutable_expected_wait() = ToProto(*queued.expected_wait);
  proto.set_paused(queued.paused);
  return proto;
}

ruyi::v1::VideoEvent ToProto(const JobRecord& record, const LoggedEvent& event) {
  ruyi::v1::VideoEvent proto;
  proto.set_seq(event.seq);
  *proto.mutable_time() = ToProto(event.time);
  std::visit(EventFiller{record, event, proto}, event.event);
  return proto;
}

ruyi::v1::VideoChunk ToProto(ResultChunk chunk) {
  ruyi::v1::VideoChunk proto;
  proto.set_offset(chunk.offset);
  proto.set_data(std::move(chunk.data));
  proto.set_crc32c(chunk.crc32c);
  if (!chunk.digest.has_value())
    return proto;
  proto.set_last(true);
  proto.set_total_size_bytes(chunk.digest->size_bytes);
  proto.set_sha256(chunk.digest->sha256);
  return proto;
}

}  // namespace ruyi
