#include "core/memory/copy_stream.h"

#include <ATen/core/TensorBody.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "core/base/exception_guard.h"

namespace ruyi {

Fence::Fence(c10::Device device) {
  if (!device.is_cpu())
    event_.emplace(device.type());
}

void Fence::Record(const c10::Stream& stream) {
  if (event_.has_value())
    event_->record(stream);
}

void Fence::Block(const c10::Stream& stream) const {
  if (event_.has_value())
    event_->block(stream);
}

void Fence::Await() const {
  if (event_.has_value())
    event_->synchronize();
}

namespace {

c10::Stream SideStream(c10::Device device) {
  return device.is_cpu() ? c10::Stream(c10::Stream::DEFAULT, device)
                         : c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
}

}  // namespace

CopyStream::CopyStream(c10::Device device) : device_(device), stream_(SideStream(device)) {}

CopyStream::~CopyStream() {
  GuardExceptions("waiting for copies", [&] { Await(); }).IgnoreError();  // a GPU that has failed
}

void CopyStream::Await() const {
  if (!device_.is_cpu())
    stream_.synchronize();
}

void CopyStream::Copy(const at::Tensor& to, const at::Tensor& from, const Fence& after, Fence& done) {
  after.Block(stream_);
  {
    const c10::StreamGuard guard(stream_);
    to.copy_(from, /*non_blocking=*/true);
  }
  done.Record(stream_);
}

void CopyStream::Join() {
  Fence done(device_);
  done.Record(stream_);
  done.Block(compute());
}

void CopyStream::JoinNoThrow() noexcept {
  GuardExceptions("waiting for copies", [&] { Join(); }).IgnoreError();
}

c10::Stream CopyStream::compute() const {
  return c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
}

}  // namespace ruyi
