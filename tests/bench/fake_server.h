// A server whose jobs are kept as in the program, on the disk, and whose pipeline and encoder are fakes: what is left
// is what the server costs beside the model. Before it: the benchmarks of the server. Thread-safe.
#pragma once

#include <functional>

#include "core/plan/progress.h"
#include "tests/bench/test_server.h"

namespace ruyi {

struct FakeServerOptions {
  int bytes_per_frame = 1 << 10;
  int queue_capacity = 16;
  std::function<void(Phase, int done)> at_boundary = [](Phase, int) {};  // see FakePipelineOptions
};

class FakeServer : public TestServer {
 public:
  // The real decoder of pictures and the real stores, then nothing but events and bytes.
  explicit FakeServer(const FakeServerOptions& options);
};

}  // namespace ruyi
