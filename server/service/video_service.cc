#include "server/service/video_service.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/status_macros.h"
#include "server/convert/capabilities_to_proto.h"
#include "server/convert/estimate_to_proto.h"
#include "server/convert/job_filter_from_proto.h"
#include "server/convert/request_from_proto.h"
#include "server/convert/video_to_proto.h"
#include "server/service/download_stream.h"
#include "server/service/too_many_requests.h"
#include "server/service/unary_call.h"

namespace ruyi {
namespace {

constexpr int kIntakeThreads = 2;
constexpr size_t kIntakeCapacity = 64;
constexpr int kReaderThreads = 4;
constexpr size_t kReaderCapacity = 16384;

absl::Status CheckNotNegative(const std::string& field, int64_t value) {
  if (value >= 0)
    return absl::OkStatus();
  return InvalidFields({{field, absl::StrFormat("%d is negative; use 0 or more", value)}});
}

absl::Status CheckDownload(const ruyi::v1::DownloadVideoRequest& request) {
  std::vector<FieldViolation> violations;
  for (const absl::Status& status :
       {IdOfVideo(request.name()).status(), CheckNotNegative("read_offset", request.read_offset()),
        CheckNotNegative("read_limit", request.read_limit())}) {
    for (FieldViolation& violation : GetErrorInfo(status).field_violations)
      violations.push_back(std::move(violation));
  }
  return violations.empty() ? absl::OkStatus() : InvalidFields(std::move(violations));
}

// Returns the bytes that the requests under way may take together: those of eight with all pictures, at their limits,
// and more of small ones.
int64_t BudgetOf(const RequestLimits& limits) {
  constexpr int64_t kSmall = int64_t{256} << 20;
  constexpr int64_t kLarge = 8;
  return kSmall + kLarge * (limits.max_start_images + limits.max_end_images) * limits.image.max_bytes;
}

// Returns the event after which a watcher begins to see. A video that has ended shows its last event to everybody, for
// a stream without it says nothing of the video.
absl::StatusOr<int64_t> BeginOfWatch(const JobRecord& record, int64_t after_seq) {
  if (after_seq > record.last_seq) {
    return InvalidFields({{"after_seq", absl::StrFormat("%d lies behind the video's last event, which is %d", after_seq,
                                                        record.last_seq)}});
  }
  return IsEnded(record.state) ? std::min(after_seq, record.last_seq - 1) : after_seq;
}

}  // namespace

VideoService::VideoService(Parts parts)
    : parts_(std::move(parts)),
      watchers_(parts_.quotas),
      message_budget_(BudgetOf(parts_.intake->limits())),
      intake_pool_(std::in_place, kIntakeThreads, kIntakeCapacity),
      reader_pool_(std::in_place, kReaderThreads, kReaderCapacity) {
  BoundMessages();
}

void VideoService::FinishStreams(const absl::Status& why, absl::Duration timeout) {
  constexpr absl::Duration kQuiet = absl::Seconds(2);
  streams_.EndAllWhenDry(why);
  streams_.AwaitQuiet(kQuiet, timeout, *parts_.clock);
}

void VideoService::Stop() {
  intake_pool_.reset();
  reader_pool_.reset();
}

StreamSources VideoService::sources() {
  return {.jobs = parts_.jobs,
          .artifacts = parts_.artifacts,
          .workers = &workers_,
          .clock = parts_.clock,
          .pool = &*reader_pool_,
          .callers = &callers_,
          .on_bytes_sent = parts_.on_bytes_sent};
}

absl::StatusOr<std::string> VideoService::IdOf(const std::string& name, const CallContext& caller) const {
  RUYI_ASSIGN_OR_RETURN(std::string id, IdOfVideo(name));
  RUYI_RETURN_IF_ERROR(parts_.jobs->CheckTenant(id, caller.tenant));
  return id;
}

absl::StatusOr<CallContext> VideoService::Admit(const char* method, grpc::CallbackServerContext& context) const {
  return parts_.doorkeeper->Admit(context, absl::StrCat(ruyi::v1::VideoService::service_full_name(), "/", method));
}

// The request lives as long as the call.
template <typename Response>
grpc::ServerUnaryReactor* VideoService::AnswerOnPool(const char* method, TaskPool& pool,
                                                     grpc::CallbackServerContext& context, Response* response,
                                                     Work<Response> work) {
  const absl::StatusOr<CallContext> caller = Admit(method, context);
  auto* call = new UnaryCall<Response>(CancellationOf(caller.value_or(CallContext()), *parts_.clock), response);
  if (!caller.ok())
    call->Answer(caller.status());
  else if (!pool.TryRun(
               [call, caller = *caller, work = std::move(work)] { call->Answer(work(caller, call->token())); }))
    call->Answer(Overload(*caller));
  return call;
}

grpc::ServerUnaryReactor* VideoService::CreateVideo(grpc::CallbackServerContext* context,
                                                    const ruyi::v1::CreateVideoRequest* request,
                                                    ruyi::v1::Video* response) {
  return AnswerOnPool<ruyi::v1::Video>(__func__, *intake_pool_, *context, response,
                                       [this, request](const CallContext& caller, const CancellationToken& token) {
                                         return Create(*request, caller, token);
                                       });
}

absl::StatusOr<ruyi::v1::Video> VideoService::Create(const ruyi::v1::CreateVideoRequest& request,
                                                     const CallContext& caller, const CancellationToken& token) {
  JobRequest job = JobRequestFromProto(request.request(), parts_.intake->limits());
  job.caller = caller;
  job.cancel_on_disconnect = false;
  if (request.validate_only()) {
    RUYI_ASSIGN_OR_RETURN(const PlannedVideo planned, parts_.intake->Check(std::move(job), token));
    return ToProto(planned);
  }
  RUYI_ASSIGN_OR_RETURN(const CreatedJob created, parts_.intake->Create(std::move(job), token));
  return ToProto(created.record);
}

grpc::ServerUnaryReactor* VideoService::GetVideo(grpc::CallbackServerContext* context,
                                                 const ruyi::v1::GetVideoRequest* request, ruyi::v1::Video* response) {
  return AnswerOnPool<ruyi::v1::Video>(
      __func__, *reader_pool_, *context, response,
      [this, request](const CallContext& caller, const auto&) -> absl::StatusOr<ruyi::v1::Video> {
        RUYI_ASSIGN_OR_RETURN(const std::string id, IdOf(request->name(), caller));
        RUYI_ASSIGN_OR_RETURN(const JobRecord record, parts_.jobs->Get(id));
        return ToProto(record);
      });
}

grpc::ServerUnaryReactor* VideoService::ListVideos(grpc::CallbackServerContext* context,
                                                   const ruyi::v1::ListVideosRequest* request,
                                                   ruyi::v1::ListVideosResponse* response) {
  return AnswerOnPool<ruyi::v1::ListVideosResponse>(
      __func__, *reader_pool_, *context, response,
      [this, request](const CallContext& caller, const auto&) { return List(*request, caller); });
}

absl::StatusOr<ruyi::v1::ListVideosResponse> VideoService::List(const ruyi::v1::ListVideosRequest& request,
                                                                const CallContext& caller) const {
  RUYI_ASSIGN_OR_RETURN(const int page_size, PageSizeFromProto(request.page_size()));
  RUYI_ASSIGN_OR_RETURN(JobFilter filter, JobFilterFromProto(request.states(), request.labels()));
  filter.tenant = caller.tenant;
  RUYI_ASSIGN_OR_RETURN(const JobPage page, parts_.jobs->List(filter, page_size, request.page_token()));
  ruyi::v1::ListVideosResponse response;
  for (const JobRecord& job : page.jobs)
    *response.add_videos() = ToProto(job);
  response.set_next_page_token(page.next_page_token);
  return response;
}

grpc::ServerUnaryReactor* VideoService::CancelVideo(grpc::CallbackServerContext* context,
                                                    const ruyi::v1::CancelVideoRequest* request,
                                                    ruyi::v1::Video* response) {
  return AnswerOnPool<ruyi::v1::Video>(
      __func__, *reader_pool_, *context, response,
      [this, request](const CallContext& caller, const auto&) -> absl::StatusOr<ruyi::v1::Video> {
        RUYI_ASSIGN_OR_RETURN(const std::string id, IdOf(request->name(), caller));
        RUYI_ASSIGN_OR_RETURN(const JobRecord record, parts_.jobs->Cancel(id, CancelledByCaller()));
        return ToProto(record);
      });
}

grpc::ServerUnaryReactor* VideoService::DeleteVideo(grpc::CallbackServerContext* context,
                                                    const ruyi::v1::DeleteVideoRequest* request,
                                                    google::protobuf::Empty* response) {
  return AnswerOnPool<google::protobuf::Empty>(
      __func__, *reader_pool_, *context, response,
      [this, request](const CallContext& caller, const auto&) { return Delete(request->name(), caller); });
}

// The row first: bytes without a row are found at the next start.
absl::StatusOr<google::protobuf::Empty> VideoService::Delete(const std::string& name, const CallContext& caller) {
  RUYI_ASSIGN_OR_RETURN(const std::string id, IdOf(name, caller));
  // A record that went without its bytes could not be asked for again.
  if (const absl::Status there = parts_.artifacts->StatResult(id).status(); absl::IsUnavailable(there))
    return there;
  RUYI_RETURN_IF_ERROR(parts_.jobs->Delete(id));
  RUYI_RETURN_IF_ERROR(parts_.artifacts->DeleteResult(id));
  return google::protobuf::Empty();
}

absl::Status VideoService::Overload(const CallContext& caller) const {
  const absl::Status refusal = TooManyRequests();
  parts_.intake->CountRefusal(caller, refusal);
  return refusal;
}

template <typename Message>
absl::Status VideoService::TakePlace(const absl::StatusOr<CallContext>& caller, PulledStream<Message>& stream) {
  RUYI_RETURN_IF_ERROR(caller.status());
  absl::StatusOr<std::shared_ptr<void>> place = watchers_.Take(caller->tenant);
  if (place.ok())
    stream.Hold(*std::move(place));
  else
    parts_.intake->CountRefusal(*caller, place.status());
  return place.status();
}

// The call does not end before `start` has read its request.
grpc::ServerWriteReactor<ruyi::v1::VideoEvent>* VideoService::OpenOnPool(const char* method, TaskPool& pool,
                                                                         grpc::CallbackServerContext& context,
                                                                         Start start) {
  const absl::StatusOr<CallContext> caller = Admit(method, context);
  const auto stream =
      std::make_shared<EventStream>(sources(), CancellationOf(caller.value_or(CallContext()), *parts_.clock));
  stream->Keep();
  streams_.Add(stream);
  const auto run = [stream, caller, start = std::move(start)] {
    start(*stream, *caller);
    stream->Open();
  };
  const absl::Status admitted = TakePlace(caller, *stream);
  if (admitted.ok() && pool.TryRun(run))
    return stream.get();
  stream->End(admitted.ok() ? Overload(*caller) : admitted);
  stream->Open();
  return stream.get();
}

grpc::ServerWriteReactor<ruyi::v1::VideoEvent>* VideoService::WatchVideo(grpc::CallbackServerContext* context,
                                                                         const ruyi::v1::WatchVideoRequest* request) {
  return OpenOnPool(__func__, *reader_pool_, *context, [this, request](EventStream& stream, const CallContext& caller) {
    StartWatching(stream, *request, caller);
  });
}

void VideoService::StartWatching(EventStream& stream, const ruyi::v1::WatchVideoRequest& request,
                                 const CallContext& caller) {
  const auto begin = [&]() -> absl::StatusOr<int64_t> {
    RUYI_RETURN_IF_ERROR(IdOfVideo(request.name()).status());
    RUYI_RETURN_IF_ERROR(CheckNotNegative("after_seq", request.after_seq()));
    RUYI_ASSIGN_OR_RETURN(const std::string id, IdOf(request.name(), caller));
    RUYI_ASSIGN_OR_RETURN(const JobRecord record, parts_.jobs->Get(id));
    return BeginOfWatch(record, request.after_seq());
  };
  const absl::StatusOr<int64_t> after_seq = begin();
  if (after_seq.ok())
    stream.Show(*IdOfVideo(request.name()), {.after_seq = *after_seq});
  else
    stream.End(after_seq.status());
}

grpc::ServerWriteReactor<ruyi::v1::VideoChunk>* VideoService::DownloadVideo(
    grpc::CallbackServerContext* context, const ruyi::v1::DownloadVideoRequest* request) {
  const absl::StatusOr<CallContext> caller = Admit(__func__, *context);
  const absl::StatusOr<std::string> id = IdOfVideo(request->name());
  absl::Status status = caller.ok() ? CheckDownload(*request) : caller.status();
  ReadRange range = {.offset = request->read_offset(), .limit = {}};
  if (request->read_limit() > 0)
    range.limit = request->read_limit();
  const std::shared_ptr<DownloadStream> stream =
      DownloadStream::Create(sources(), caller.value_or(CallContext()).tenant, id.value_or(""), range);
  if (status.ok())
    status = TakePlace(caller, *stream);
  if (!status.ok())
    stream->End(status);
  stream->Keep();
  streams_.Add(stream);
  stream->Open();
  return stream.get();
}

grpc::ServerWriteReactor<ruyi::v1::VideoEvent>* VideoService::GenerateVideo(
    grpc::CallbackServerContext* context, const ruyi::v1::GenerateVideoRequest* request) {
  return OpenOnPool(__func__, *intake_pool_, *context, [this, request](EventStream& stream, const CallContext& caller) {
    StartGenerating(stream, *request, caller);
  });
}

void VideoService::StartGenerating(EventStream& stream, const ruyi::v1::GenerateVideoRequest& request,
                                   const CallContext& caller) {
  JobRequest job = JobRequestFromProto(request, parts_.intake->limits());
  job.caller = caller;
  const bool cancels = job.cancel_on_disconnect;
  const absl::StatusOr<CreatedJob> created = parts_.intake->Create(std::move(job), stream.token());
  if (!created.ok())
    return stream.End(created.status());
  stream.Show(created->record.ticket.id, {.with_bytes = true, .cancels_on_disconnect = cancels});
}

grpc::ServerUnaryReactor* VideoService::EstimateVideo(grpc::CallbackServerContext* context,
                                                      const ruyi::v1::EstimateVideoRequest* request,
                                                      ruyi::v1::EstimateVideoResponse* response) {
  return AnswerOnPool<ruyi::v1::EstimateVideoResponse>(
      __func__, *intake_pool_, *context, response,
      [this, request](const CallContext& caller,
                      const CancellationToken& token) -> absl::StatusOr<ruyi::v1::EstimateVideoResponse> {
        EstimateRequest asked = FromProto(*request, parts_.intake->limits());
        asked.job.caller = caller;
        RUYI_ASSIGN_OR_RETURN(const JobEstimate estimate,
                              parts_.intake->EstimateFor(std::move(asked.job), asked.budget_bytes, token));
        return ToProto(estimate.planned, estimate.queue_wait);
      });
}

grpc::ServerUnaryReactor* VideoService::GetCapabilities(grpc::CallbackServerContext* context,
                                                        const ruyi::v1::GetCapabilitiesRequest* /*request*/,
                                                        ruyi::v1::Capabilities* response) {
  return AnswerOnPool<ruyi::v1::Capabilities>(
      __func__, *reader_pool_, *context, response,
      [this](const auto&, const auto&) -> absl::StatusOr<ruyi::v1::Capabilities> {
        RUYI_ASSIGN_OR_RETURN(const std::vector<std::string> loras, parts_.intake->LoraNames());
        return ToProto(parts_.intake->limits(), parts_.version, parts_.queue_capacity, loras);
      });
}

}  // namespace ruyi
