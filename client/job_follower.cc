#include "client/job_follower.h"

#include <google/rpc/error_details.pb.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "client/status_text.h"

namespace ruyi::client {
namespace {

void TakeEnd(const v1::VideoEvent& event, JobEnd& end) {
  if (event.has_completed())
    end.completed = event.completed().video();
  if (event.has_failed())
    end.failed = event.failed().status();
}

bool IsTooEarly(const grpc::Status& status) {
  const auto info = FindDetail<google::rpc::ErrorInfo>(WithDetails(status));
  return info.has_value() && info->reason() == "RESULT_NOT_READY";
}

// Returns true for an event after which there may be bytes that were not there before it.
bool MayBringBytes(const v1::VideoEvent& event) {
  return event.has_progress() && event.progress().phase() == v1::PHASE_DECODING;
}

// Counts the events after which there may be bytes, but for the last one, which is not always shown.
class CountingDisplay final : public ProgressDisplay {
 public:
  CountingDisplay(ProgressDisplay* display, EventCount* count) : display_(display), count_(count) {}

  void OnEvent(const v1::VideoEvent& event) override {
    display_->OnEvent(event);
    if (MayBringBytes(event))
      count_->Increment();
  }

  void OnNotice(const std::string& text) override { display_->OnNotice(text); }
  void Close() override { display_->Close(); }

 private:
  ProgressDisplay* display_;
  EventCount* count_;
};

}  // namespace

JobFollower::JobFollower(VideoClient* client, const Patience& patience, Waiter* waiter, CancelSource* source)
    : client_(client), patience_(patience), waiter_(waiter), source_(source) {}

CallOptions JobFollower::CallUnder(CancelSource& source) const {
  CallOptions call = {.cancel_source = &source};
  if (patience_.deadline != absl::InfiniteFuture())
    call.timeout = patience_.deadline - waiter_->Now();
  return call;
}

JobEnd JobFollower::WatchUnder(CancelSource& source, WatchedJob job, ProgressDisplay& display) {
  JobEnd end;
  Retrier retrier(&MayStreamAgain, patience_, waiter_, &source);
  retrier.SetNotice([&display](const std::string& text) { display.OnNotice(text); });
  const auto on_event = [&](const v1::VideoEvent& event) {
    retrier.AfterSuccess();
    TakeEnd(event, end);
    if (event.seq() != 0 && event.seq() <= job.after_seq)
      return absl::OkStatus();
    job.after_seq = std::max(job.after_seq, event.seq());
    display.OnEvent(event);
    return absl::OkStatus();
  };
  while (true) {
    v1::WatchVideoRequest request;
    request.set_name(job.name);
    request.set_after_seq(job.after_seq);
    end.watch.status = client_->Watch(request, CallUnder(source), on_event);
    if (end.completed.has_value() || end.failed.has_value())
      return end;
    end.watch.verdict = retrier.AfterFailure(end.watch.status);
    if (end.watch.verdict != Verdict::kAgain)
      return end;
  }
}

CallEnd JobFollower::DownloadUnder(CancelSource& source, const std::string& name, VideoReceiver& receiver,
                                   const EventCount& events, const Retrier::Notice& notice) {
  CallEnd end;
  Retrier retrier(&MayStreamAgain, patience_, waiter_, &source);
  retrier.SetNotice(notice);
  const auto on_chunk = [&](const v1::VideoChunk& chunk) {
    retrier.AfterSuccess();
    return receiver.OnChunk(chunk);
  };
  while (true) {
    v1::DownloadVideoRequest request;
    request.set_name(name);
    request.set_read_offset(receiver.received_bytes());
    const int seen = events.count();
    end.status = client_->Download(request, CallUnder(source), on_chunk);
    if (receiver.whole() || !receiver.error().ok())
      return end;
    if (IsTooEarly(end.status) && events.AwaitMoreThan(seen))
      continue;
    end.verdict = retrier.AfterFailure(end.status);
    if (end.verdict != Verdict::kAgain)
      return end;
  }
}

JobEnd JobFollower::Watch(const WatchedJob& job, ProgressDisplay& display) {
  return WatchUnder(*source_, job, display);
}

JobEnd JobFollower::Fetch(const WatchedJob& job, ProgressDisplay& display, VideoReceiver& receiver) {
  CancelSource watching(source_);
  CancelSource downloading(source_);
  std::atomic<bool> watched = false;
  EventCount events;
  CountingDisplay counting(&display, &events);
  CallEnd download;
  std::thread downloader([&] {
    // Both streams break at the same time; while this thread's caller watches, only the caller tells the user.
    const auto notice = [&](const std::string& text) {
      if (watched)
        display.OnNotice(text);
    };
    download = DownloadUnder(downloading, job.name, receiver, events, notice);
    if (!receiver.error().ok() || download.verdict == Verdict::kGaveUp)
      watching.Cancel();
  });
  JobEnd end = WatchUnder(watching, job, counting);
  if (end.completed.has_value())
    events.Increment();
  events.Close();
  if (!end.completed.has_value())
    downloading.Cancel();
  watched = true;
  downloader.join();
  end.download = download;
  return end;
}

}  // namespace ruyi::client
