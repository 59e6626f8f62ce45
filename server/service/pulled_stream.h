// A stream that pulls its messages from the stores at the reader's pace: the next one is looked for when the one before
// has been taken. So a slow reader, or one that stopped reading, holds one message and nobody else. Before it: a cursor
// (core/reader). After it: the wire. Owned by itself until gRPC is done with it. Thread-safe.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "server/convert/status_to_grpc.h"
#include "server/service/open_stream.h"
#include "server/service/task_pool.h"

namespace ruyi {

// The result of looking for the next message: a message, the end of the stream, or neither when there is nothing yet.
template <typename Message>
struct Pulled {
  std::optional<Message> message;
  std::optional<absl::Status> end;  // with a message: after it
};

template <typename Message>
class PulledStream : public grpc::ServerWriteReactor<Message>,
                     public OpenStream,
                     public std::enable_shared_from_this<PulledStream<Message>> {
 public:
  // Silence after which a heartbeat is sent.
  static constexpr absl::Duration kHeartbeatInterval = absl::Seconds(15);

  // `pool` and `clock` must outlive the stream.
  PulledStream(TaskPool& pool, const Clock& clock) : pool_(pool), clock_(clock), last_write_(clock.Elapsed()) {}

  // Lets the stream keep itself alive until OnDone. Once, after construction as a shared_ptr.
  void Keep() {
    absl::MutexLock lock(&mutex_);
    self_ = this->shared_from_this();
  }

  // Lets `thing` live as long as the stream. Once, before Open.
  void Hold(std::shared_ptr<void> thing) { held_ = std::move(thing); }

  // Begins to pull, or ends the call if End was called before. Once, after Keep. Until then the call does not end, so
  // that its request can still be read.
  void Open() {
    absl::MutexLock lock(&mutex_);
    state_ = State::kIdle;
    is_stale_ = true;
    PullWhenIdle();
  }

  // Says that there may be something to pull.
  void Wake() {
    absl::MutexLock lock(&mutex_);
    is_stale_ = true;
    PullWhenIdle();
  }

  // Returns a function that wakes the stream as long as it lives.
  std::function<void()> Waker() {
    return [weak = this->weak_from_this()] {
      if (const std::shared_ptr<PulledStream> living = weak.lock(); living != nullptr)
        living->Wake();
    };
  }

  void Tick() override {
    {
      absl::MutexLock lock(&mutex_);
      if (state_ == State::kIdle && clock_.Elapsed() - last_write_ >= kHeartbeatInterval) {
        if (std::optional<Message> heartbeat = Heartbeat(); heartbeat.has_value())
          return Write(*std::move(heartbeat));
      }
    }
    Wake();
  }

  void EndWhenDry(const absl::Status& why) override {
    absl::MutexLock lock(&mutex_);
    dry_end_ = why;
    is_stale_ = true;  // for a last look
    PullWhenIdle();
  }

  void End(const absl::Status& why) override {
    absl::MutexLock lock(&mutex_);
    EndWith(why);
  }

  void OnWriteDone(bool ok) override {
    if (!ok)
      return OnGone(/*was_writing=*/true);
    OnSent(message_);
    absl::MutexLock lock(&mutex_);
    state_ = State::kIdle;
    is_stale_ = true;
    PullWhenIdle();
  }

  void OnCancel() override { OnGone(/*was_writing=*/false); }

  void OnDone() override {
    std::shared_ptr<OpenStream> self;  // let go last, after the lock
    absl::MutexLock lock(&mutex_);
    self = std::move(self_);
  }

 protected:
  // Looks for the next message. Called on the pool, never twice at once. May block on the stores.
  virtual Pulled<Message> Pull() = 0;

  // Returns the message that is sent in a long silence; nullopt where none is sent.
  virtual std::optional<Message> Heartbeat() { return std::nullopt; }

  // The transport has taken `message`. Must not block.
  virtual void OnSent(const Message& /*message*/) {}

  // The reader cancelled the call, passed its deadline or lost its connection before the stream's end. Must not block.
  virtual void OnReaderGone() {}

 private:
  enum class State { kStarting, kIdle, kPulling, kWriting, kFinished };

  // gRPC tells of a reader that has gone by a write that fails, by OnCancel, or by both, in any order.
  void OnGone(bool was_writing) {
    bool is_ended = false;
    {
      absl::MutexLock lock(&mutex_);
      if (was_writing)
        state_ = State::kIdle;
      is_ended = end_.has_value();  // by the server, or the reader's going is known
      EndWith(absl::CancelledError("the reader has gone"));
    }
    if (!is_ended)
      OnReaderGone();
  }

  void PullWhenIdle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (FinishWhenOver() || state_ != State::kIdle || !is_stale_)
      return;
    const bool is_taken = pool_.TryRun([this, self = self_] { PullOnce(); });
    if (is_taken)
      state_ = State::kPulling;  // else the next tick tries again
  }

  void PullOnce() {
    {
      absl::MutexLock lock(&mutex_);
      is_stale_ = false;
    }
    Pulled<Message> pulled = Pull();
    absl::MutexLock lock(&mutex_);
    state_ = State::kIdle;
    if (pulled.message.has_value() && !end_.has_value())
      Write(*std::move(pulled.message));
    else if (!is_stale_ && dry_end_.has_value() && !pulled.end.has_value())
      pulled.end = dry_end_;
    if (pulled.end.has_value())
      EndWith(*std::move(pulled.end));
    PullWhenIdle();
  }

  void Write(Message message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    state_ = State::kWriting;
    last_write_ = clock_.Elapsed();
    message_ = std::move(message);
    this->StartWrite(&message_);
  }

  // The first end stays.
  void EndWith(absl::Status why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!end_.has_value())
      end_ = std::move(why);
    FinishWhenOver();
  }

  bool FinishWhenOver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (state_ == State::kIdle && end_.has_value()) {
      state_ = State::kFinished;
      this->Finish(ToGrpc(*end_));
    }
    return state_ == State::kFinished;
  }

  TaskPool& pool_;
  const Clock& clock_;
  std::shared_ptr<void> held_;
  absl::Mutex mutex_;
  std::shared_ptr<OpenStream> self_ ABSL_GUARDED_BY(mutex_);
  State state_ ABSL_GUARDED_BY(mutex_) = State::kStarting;
  bool is_stale_ ABSL_GUARDED_BY(mutex_) = false;  // there may be something to pull
  Message message_;                                // being written; touched only while no write is under way
  absl::Duration last_write_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> dry_end_ ABSL_GUARDED_BY(mutex_);  // what the call ends with instead of waiting
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
