#include "core/store/postgres/wake_event.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace ruyi {

WakeEvent::WakeEvent() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

WakeEvent::~WakeEvent() {
  close(descriptor_);
}

void WakeEvent::Wake() {
  constexpr uint64_t kOnce = 1;
  [[maybe_unused]] const ssize_t written = write(descriptor_, &kOnce, sizeof(kOnce));  // a full counter wakes too
}

void WakeEvent::Wait(std::optional<int> socket, absl::Duration timeout) {
  std::array<pollfd, 2> waits = {pollfd{.fd = descriptor_, .events = POLLIN, .revents = 0},
                                 pollfd{.fd = socket.value_or(-1), .events = POLLIN, .revents = 0}};
  const absl::Duration whole = absl::Ceil(std::max(timeout, absl::ZeroDuration()), absl::Milliseconds(1));
  poll(waits.data(), waits.size(), static_cast<int>(absl::ToInt64Milliseconds(whole)));
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = read(descriptor_, &count, sizeof(count));
}

}  // namespace ruyi
