// Copies between host and device while the device's current stream computes, and has the fences that order the two. On
// a CPU there are no streams: copies are done at once. Before it: weight_ring.h, state_stack.h. Not thread-safe:
// belongs to the thread that computes. Once a device has failed, every function here throws c10::Error, but for
// destructors and those whose names end in NoThrow: they leave the error to the next call that may throw. Source: the
// streams and events of c10.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <optional>

namespace ruyi {

// Marks a point in a stream that another stream can wait for. Before Record was called, there is nothing to wait for.
class Fence {
 public:
  explicit Fence(c10::Device device);

  // Sets the fence behind all work that `stream` has been given so far.
  void Record(const c10::Stream& stream);

  // Makes the work that `stream` is given from now on wait for the fence. Does not block the caller.
  void Block(const c10::Stream& stream) const;

  // Blocks the caller until the fence has been reached.
  void Await() const;

 private:
  std::optional<c10::Event> event_;  // none on a CPU
};

class CopyStream {
 public:
  explicit CopyStream(c10::Device device);
  CopyStream(const CopyStream&) = delete;
  CopyStream& operator=(const CopyStream&) = delete;

  // Waits until all copies are done.
  ~CopyStream();

  // Copies `from` into `to` once `after` has been reached, and records `done` behind it. Host memory must be pinned for
  // the copy to run beside the device's work. Blocks only on a CPU.
  void Copy(const at::Tensor& to, const at::Tensor& from, const Fence& after, Fence& done);

  // Blocks the caller until all copies so far are done.
  void Await() const;

  // Makes the work that the device is given from now on wait for all copies so far. Does not block the caller.
  void Join();
  void JoinNoThrow() noexcept;

  // Returns the stream that the device computes on for this thread.
  c10::Stream compute() const;

  const c10::Device& device() const { return device_; }
  const c10::Stream& stream() const { return stream_; }

 private:
  const c10::Device device_;
  const c10::Stream stream_;
};

}  // namespace ruyi
