#include "server/wire/connection_guard.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <grpc/grpc.h>
#include <grpc/slice.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "core/base/clock.h"

// These belong to gRPC and have no public header.
struct grpc_chttp2_transport;
struct grpc_endpoint;
struct grpc_transport;
namespace grpc_core {
class ChannelArgs;
}

namespace ruyi {
namespace {

using Read = absl::Status(grpc_chttp2_transport*, const grpc_slice&);
using CreateTransport = grpc_transport*(const grpc_core::ChannelArgs&, grpc_endpoint*, bool);

// What the functions below share; it lives as long as the process.
class Guard {
 public:
  static Guard& Get() {
    static auto* const guard = new Guard();
    return *guard;
  }

  bool Start(const ConnectionLimits& limits, RefusedConnection on_refused) {
    absl::MutexLock lock(&mutex_);
    limits_ = limits;
    on_refused_ = std::make_shared<const RefusedConnection>(std::move(on_refused));
    most_ = MostFiles(limits);
    if (spare_ < 0)
      spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
    is_on_ = absl::StartsWith(grpc_version_string(), kCoreVersion) && next_read_ != nullptr && next_create_ != nullptr;
    return is_on_;
  }

  // Returns a connection that may stay, or -1 as accept4 does.
  int Accept(int listener, sockaddr* address, socklen_t* size, int flags) {
    const socklen_t room = size == nullptr ? 0 : *size;
    while (true) {
      if (size != nullptr)
        *size = room;
      const int socket = static_cast<int>(syscall(SYS_accept4, listener, address, size, flags));
      const int most = most_;
      if (most == 0 || (socket >= 0 && socket < most) || (socket < 0 && errno != EMFILE && errno != ENFILE))
        return socket;
      if (socket >= 0)
        close(socket);
      else if (!CloseOneWaiting(listener))
        return -1;
      Tell("there are too many connections");
    }
  }

  void OnCreated(const void* transport, bool is_client) {
    absl::MutexLock lock(&mutex_);
    wardens_.erase(transport);
    if (is_on_ && !is_client)
      wardens_.emplace(transport, std::make_shared<FrameWarden>(limits_.frames, Clock::Real().Elapsed()));
  }

  // gRPC reads a connection on one thread at a time.
  absl::Status Look(const void* transport, std::string_view bytes) {
    std::shared_ptr<FrameWarden> warden;
    {
      absl::ReaderMutexLock lock(&mutex_);
      const auto found = wardens_.find(transport);
      if (found == wardens_.end())
        return absl::OkStatus();
      warden = found->second;
    }
    absl::Status status = warden->Look(bytes, Clock::Real().Elapsed());
    if (!status.ok())
      Tell(std::string(status.message()));
    return status;
  }

  Read* next_read() const { return next_read_; }
  CreateTransport* next_create() const { return next_create_; }

 private:
  static constexpr char kCoreVersion[] = "29.";  // of gRPC 1.51

  Guard()
      : next_read_(reinterpret_cast<Read*>(
            dlsym(RTLD_NEXT, "_Z24grpc_chttp2_perform_readP21grpc_chttp2_transportRK10grpc_slice"))),
        next_create_(reinterpret_cast<CreateTransport*>(
            dlsym(RTLD_NEXT, "_Z28grpc_create_chttp2_transportRKN9grpc_core11ChannelArgsEP13grpc_endpointb"))) {}

  // Returns the first file descriptor that no connection may have: the kernel gives the lowest one that is free.
  static int MostFiles(const ConnectionLimits& limits) {
    rlimit files = {};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    const int all = static_cast<int>(std::min<rlim_t>(files.rlim_max, 1 << 30));
    const int kept = std::min(limits.other_files, all / 2);
    return std::min(all - kept, kept + limits.connections);
  }

  // Takes a connection that waits while no file can be opened, and closes it, with the place of the spare file.
  bool CloseOneWaiting(int listener) {
    absl::MutexLock lock(&mutex_);
    if (spare_ < 0)
      return false;
    close(spare_);
    const int socket = static_cast<int>(syscall(SYS_accept4, listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (socket >= 0)
      close(socket);
    spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (socket < 0)
      errno = EAGAIN;
    return socket >= 0;
  }

  void Tell(std::string_view why) {
    std::shared_ptr<const RefusedConnection> on_refused;
    {
      absl::ReaderMutexLock lock(&mutex_);
      on_refused = on_refused_;
    }
    if (on_refused != nullptr && *on_refused != nullptr)
      (*on_refused)(why);
  }

  Read* const next_read_;
  CreateTransport* const next_create_;
  std::atomic<int> most_ = 0;  // 0: not guarded yet
  absl::Mutex mutex_;
  bool is_on_ ABSL_GUARDED_BY(mutex_) = false;
  int spare_ ABSL_GUARDED_BY(mutex_) = -1;
  ConnectionLimits limits_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const RefusedConnection> on_refused_ ABSL_GUARDED_BY(mutex_);
  // By the place of gRPC's own object, which a later connection may take again.
  std::unordered_map<const void*, std::shared_ptr<FrameWarden>> wardens_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

bool GuardConnections(const ConnectionLimits& limits, RefusedConnection on_refused) {
  return Guard::Get().Start(limits, std::move(on_refused));
}

}  // namespace ruyi

// The loader finds these before the functions of the same names in libc and libgrpc.

extern "C" int accept4(int listener, sockaddr* address, socklen_t* size, int flags) {
  return ruyi::Guard::Get().Accept(listener, address, size, flags);
}

grpc_transport* grpc_create_chttp2_transport(const grpc_core::ChannelArgs& arguments, grpc_endpoint* endpoint,
                                             bool is_client) {
  grpc_transport* transport = ruyi::Guard::Get().next_create()(arguments, endpoint, is_client);
  ruyi::Guard::Get().OnCreated(transport, is_client);
  return transport;
}

absl::Status grpc_chttp2_perform_read(grpc_chttp2_transport* transport, const grpc_slice& slice) {
  const std::string_view bytes(reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice));
  absl::Status status = ruyi::Guard::Get().Look(transport, bytes);
  return status.ok() ? ruyi::Guard::Get().next_read()(transport, slice) : status;
}
