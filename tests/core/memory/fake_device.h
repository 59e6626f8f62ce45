// A device without memory or arithmetic, of c10's type "meta", whose streams and events work until they are broken:
// then every call throws, as CUDA's do once a kernel has failed. Before it: nothing. After it: tests of what lies on
// streams. One at a time; not thread-safe.
#pragma once

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Exception.h>

#include <atomic>
#include <limits>

namespace ruyi {

// Takes the place of the device type "meta" while it lives. Events and streams made meanwhile must be gone before it.
class FakeDevice final : public c10::impl::NoOpDeviceGuardImpl<c10::kMeta> {
 public:
  FakeDevice() : real_(Registered().exchange(this)) {}
  FakeDevice(const FakeDevice&) = delete;
  FakeDevice& operator=(const FakeDevice&) = delete;
  ~FakeDevice() override { Registered().store(real_); }

  // Lets `calls` more calls succeed, and none after them.
  void BreakAfter(int calls) { left_ = calls; }

  // Returns how many calls were made, failed ones included.
  int calls() const { return calls_; }

  // Returns how often the stream that computes was told to wait for another one.
  int waits() const { return waits_; }

  c10::Stream getStreamFromGlobalPool(c10::Device device, bool /*is_high_priority*/) const override {
    return c10::Stream(c10::Stream::UNSAFE, device, kCopyStream);
  }

  void record(void** event, const c10::Stream& /*stream*/, c10::DeviceIndex /*device*/,
              c10::EventFlag /*flag*/) const override {
    Call();
    *event = &left_;
  }

  void block(void* /*event*/, const c10::Stream& stream) const override {
    Call();
    waits_ += stream.id() == kCopyStream ? 0 : 1;
  }

  void synchronizeEvent(void* /*event*/) const override { Call(); }
  void synchronizeStream(const c10::Stream& /*stream*/) const override { Call(); }

 private:
  static constexpr c10::StreamId kCopyStream = 1;

  static std::atomic<const c10::impl::DeviceGuardImplInterface*>& Registered() {
    return c10::impl::device_guard_impl_registry[static_cast<size_t>(c10::kMeta)];
  }

  void Call() const {
    ++calls_;
    TORCH_CHECK(left_ > 0, "CUDA error: device-side assert triggered");
    --left_;
  }

  const c10::impl::DeviceGuardImplInterface* const real_;
  mutable int left_ = std::numeric_limits<int>::max();
  mutable int calls_ = 0;
  mutable int waits_ = 0;
};

}  // namespace ruyi
