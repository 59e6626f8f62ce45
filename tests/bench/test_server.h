// A server of this process on a free port, and a client's stub for it. Before it: components, fakes or real ones.
// After it: the benchmarks of the server. Ends the process when the server cannot start. Owns the server. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "ruyi/v1/video_service.grpc.pb.h"
#include "server/app/server.h"

namespace ruyi {

class TestServer {
 public:
  // Blocks until the model is loaded. The log is silent from now on but for warnings. `queue_capacity`: jobs that may
  // wait.
  explicit TestServer(const std::function<Components(const ServerOptions&)>& make_components, int queue_capacity = 16);
  ~TestServer();

  // Makes one video, and shows each event to `on_event`. Blocks.
  absl::Status Generate(const v1::GenerateVideoRequest& request,
                        const std::function<void(const v1::VideoEvent&)>& on_event) const;

  v1::VideoService::Stub& stub() const { return *stub_; }

 private:
  const std::string state_dir_;  // removed at the end
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::VideoService::Stub> stub_;
};

}  // namespace ruyi
