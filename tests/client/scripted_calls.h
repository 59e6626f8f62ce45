// Says what a fake server does in each of its calls, and remembers what it was asked. Thread-safe.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "ruyi/v1/video_service.pb.h"

namespace ruyi::client {

using EventWriter = grpc::ServerWriter<v1::VideoEvent>;
using ChunkWriter = grpc::ServerWriter<v1::VideoChunk>;
using CreateScript = std::function<grpc::Status(const v1::CreateVideoRequest&, v1::Video&)>;
using WatchScript = std::function<grpc::Status(grpc::ServerContext&, const v1::WatchVideoRequest&, EventWriter&)>;
using DownloadScript = std::function<grpc::Status(grpc::ServerContext&, const v1::DownloadVideoRequest&, ChunkWriter&)>;

// Keeps scripts in the order of the calls; the last one stays.
template <typename Script, typename Request>
class ScriptedCalls {
 public:
  void Add(Script script) {
    absl::MutexLock lock(&mutex_);
    scripts_.push_back(std::move(script));
  }

  // Notes `request` and returns its script; nullopt when no script was added.
  std::optional<Script> Take(const Request& request) {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(request);
    if (scripts_.empty())
      return std::nullopt;
    Script script = scripts_.front();
    if (scripts_.size() > 1)
      scripts_.pop_front();
    return script;
  }

  std::vector<Request> requests() {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }

 private:
  absl::Mutex mutex_;
  std::deque<Script> scripts_ ABSL_GUARDED_BY(mutex_);
  std::vector<Request> requests_ ABSL_GUARDED_BY(mutex_);
};

// Makes "videos/7".
grpc::Status CreateIt(const v1::CreateVideoRequest& request, v1::Video& video);

// Ends with `status`.
CreateScript FailCreate(const grpc::Status& status);
DownloadScript FailDownload(const grpc::Status& status);

// Sends of `events`, which get seq 1, 2, …, those that were not seen, and ends with `end`. Heartbeats get none.
WatchScript SendEvents(std::vector<v1::VideoEvent> events, const grpc::Status& end = grpc::Status::OK);

// Sends `event` alone, with the number `seq`, also to a caller who has seen it.
WatchScript SendLast(int64_t seq, v1::VideoEvent event);

// Sends heartbeats until the caller is gone.
grpc::Status BeatUntilCancelled(grpc::ServerContext& context, const v1::WatchVideoRequest& request,
                                EventWriter& writer);

// Sends `film` from the offset that is asked for.
DownloadScript SendFilm(const std::string& film, size_t chunk_bytes);
// The same up to byte `end`, where the call ends with `status`.
DownloadScript SendPart(const std::string& film, size_t end, const grpc::Status& status);

// Waits until the caller is gone.
grpc::Status WaitUntilCancelled(grpc::ServerContext& context, const v1::DownloadVideoRequest& request,
                                ChunkWriter& writer);

}  // namespace ruyi::client
