// Encodes a video on a thread of its own, so that the device goes on with the next frames meanwhile. Before it:
// core/worker/job_run, which gives frames on the thread that computes. After it: another VideoEncoder, which sees the
// same frames in the same order and so makes the same bytes. Owns that encoder, its thread and the frames that wait.
// Not thread-safe: belongs to the thread that gives the frames.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/base/bounded_queue.h"
#include "core/base/cancellation.h"
#include "core/base/wake_up.h"
#include "core/media/video_encoder.h"

namespace ruyi {

class BackgroundEncoder final : public VideoEncoder {
 public:
  // So many frames may wait: two chunks of the decoder, 28 MB at 1008x576. One more is being encoded.
  static constexpr size_t kFramesWaiting = 16;

  // Starts the thread. It alone calls `encoder`, and through it the encoder's sink, until Finish has waited for it.
  // Once `token` has ended no further frame is encoded, and nobody waits for the thread.
  BackgroundEncoder(std::unique_ptr<VideoEncoder> encoder, CancellationToken token);
  BackgroundEncoder(const BackgroundEncoder&) = delete;
  BackgroundEncoder& operator=(const BackgroundEncoder&) = delete;

  // Discards the frames that wait. Blocks until the frame that is being encoded is done; nothing is written after that.
  ~BackgroundEncoder() override;

  // Adds a copy of the frame to those that wait. Blocks while too many do, but not longer than the token allows.
  // Returns the encoder's error with one of the frames before, the token's status, or FAILED_PRECONDITION after Finish.
  absl::Status AddFrame(const RgbImage& frame) override;

  // Blocks until all frames are encoded, but not longer than the token allows, then ends the file on the caller's
  // thread. Errors: those of AddFrame and of the encoder's Finish.
  absl::Status Finish() override;

 private:
  void Run();
  absl::Status EncodeAll();
  std::optional<absl::Status> end() const;

  const std::unique_ptr<VideoEncoder> encoder_;
  const CancellationToken token_;
  BoundedQueue<RgbImage> frames_{kFramesWaiting};
  WakeUp moved_;  // the thread has taken a frame, or is at its end
  std::atomic<bool> is_unwanted_ = false;
  mutable absl::Mutex mutex_;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);  // what the thread ended with
  std::thread thread_;
};

}  // namespace ruyi
