// Follows a video to its end, whatever becomes of the connection: watches its events and fetches its bytes. A stream
// that breaks off is opened again where it was. Before it: the name of a video. After it: a ProgressDisplay, a
// VideoReceiver, and the command that says how it ended. Owns nothing but the thread that downloads. Not thread-safe.
#pragma once

#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <optional>
#include <string>

#include "client/cancel_source.h"
#include "client/event_count.h"
#include "client/progress_display.h"
#include "client/retrier.h"
#include "client/video_client.h"
#include "client/video_receiver.h"

namespace ruyi::client {

// Says which video is watched, and from where on.
struct WatchedJob {
  std::string name;
  int64_t after_seq = 0;  // of the last event that was seen
};

// Says how the job ended. At most one of `completed` and `failed` is there.
struct JobEnd {
  std::optional<v1::Video> completed;
  std::optional<google::rpc::Status> failed;
  CallEnd watch;
  CallEnd download;  // of Fetch
};

class JobFollower {
 public:
  // All arguments must outlive the follower. Cancelling `source` ends the watching early.
  JobFollower(VideoClient* client, const Patience& patience, Waiter* waiter, CancelSource* source);

  // Hands every event to `display` once, and tells it of each wait. Blocks until `completed`, `failed`, or a verdict.
  JobEnd Watch(const WatchedJob& job, ProgressDisplay& display);

  // Watches, and at the same time fetches the bytes from `receiver.received_bytes()` on: while there are none yet, it
  // asks again after each event of decoding. Blocks until the video has
  // ended and all its bytes are there, or until it is known that they will not come: see `receiver.error()`, then the
  // JobEnd.
  JobEnd Fetch(const WatchedJob& job, ProgressDisplay& display, VideoReceiver& receiver);

 private:
  JobEnd WatchUnder(CancelSource& source, WatchedJob job, ProgressDisplay& display);
  CallEnd DownloadUnder(CancelSource& source, const std::string& name, VideoReceiver& receiver,
                        const EventCount& events, const Retrier::Notice& notice);
  CallOptions CallUnder(CancelSource& source) const;

  VideoClient* client_;
  Patience patience_;
  Waiter* waiter_;
  CancelSource* source_;
};

}  // namespace ruyi::client
