// Measures what the calls on jobs cost: creating them before a short and a long queue, watching, downloading, and what
// a reader that does not read costs the others. The calls go over loopback gRPC, with the real stores on the disk.
#include <benchmark/benchmark.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/bench/bench_inputs.h"
#include "tests/bench/fake_server.h"

namespace ruyi {
namespace {

using Clock = std::chrono::steady_clock;

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// The value below which a share of all lie.
double Percentile(std::vector<double> values, double share) {
  if (values.empty())
    return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

v1::CreateVideoRequest CreateRequest() {
  v1::CreateVideoRequest request;
  *request.mutable_request() = DemoRequest(2);
  return request;
}

std::string CreateVideo(const FakeServer& server) {
  grpc::ClientContext context;
  v1::Video video;
  server.stub().CreateVideo(&context, CreateRequest(), &video);
  return video.name();
}

// Reads to the end, and returns how many milliseconds the first event took.
double Watch(const FakeServer& server, const std::string& name) {
  grpc::ClientContext context;
  v1::WatchVideoRequest request;
  request.set_name(name);
  const Clock::time_point start = Clock::now();
  const auto stream = server.stub().WatchVideo(&context, request);
  v1::VideoEvent event;
  stream->Read(&event);
  const double first = MillisecondsSince(start);
  while (stream->Read(&event)) {
  }
  stream->Finish();
  return first;
}

int64_t Download(const FakeServer& server, const std::string& name) {
  grpc::ClientContext context;
  v1::DownloadVideoRequest request;
  request.set_name(name);
  const auto stream = server.stub().DownloadVideo(&context, request);
  int64_t bytes = 0;
  for (v1::VideoChunk chunk; stream->Read(&chunk);)
    bytes += static_cast<int64_t>(chunk.data().size());
  stream->Finish();
  return bytes;
}

// A server whose first job stands until the gate opens, so that all others wait.
struct StandingServer {
  explicit StandingServer(int capacity)
      : server({.queue_capacity = capacity, .at_boundary = [this](Phase, int) { gate.WaitForNotification(); }}) {}
  ~StandingServer() { gate.Notify(); }

  absl::Notification gate;
  FakeServer server;
};

void CreateBehind(benchmark::State& state) {
  const auto waiting = static_cast<int>(state.range(0));
  const StandingServer standing(100'000);
  for (int i = 0; i < waiting; ++i)
    CreateVideo(standing.server);
  std::vector<double> times;
  for (auto _ : state) {
    const Clock::time_point start = Clock::now();
    benchmark::DoNotOptimize(CreateVideo(standing.server));
    times.push_back(MillisecondsSince(start));
  }
  state.counters["p50_ms"] = Percentile(times, 0.50);
  state.counters["p99_ms"] = Percentile(times, 0.99);
}
BENCHMARK(CreateBehind)->Name("FakeServer/Create")->Arg(10)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(CreateBehind)
    ->Name("LongQueue/Create")
    ->Arg(10'000)
    ->Iterations(1000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// Many readers of one job that has ended: each reads all of its log.
void WatchersOfOneJob(benchmark::State& state) {
  const auto watchers = static_cast<int>(state.range(0));
  const FakeServer server({});
  const std::string name = CreateVideo(server);
  Watch(server, name);
  std::vector<double> firsts;
  for (auto _ : state) {
    std::vector<double> own(watchers);
    std::vector<std::thread> threads;
    for (int i = 0; i < watchers; ++i)
      threads.emplace_back([&, i] { own[i] = Watch(server, name); });
    for (std::thread& thread : threads)
      thread.join();
    firsts.insert(firsts.end(), own.begin(), own.end());
  }
  state.counters["first_event_p50_ms"] = Percentile(firsts, 0.50);
  state.counters["first_event_p99_ms"] = Percentile(firsts, 0.99);
}
BENCHMARK(WatchersOfOneJob)->Name("FakeServer/Watch")->Arg(1)->Arg(200)->UseRealTime()->Unit(benchmark::kMillisecond);

void DownloadFinished(benchmark::State& state) {
  const FakeServer server({.bytes_per_frame = 4 << 20});
  const std::string name = CreateVideo(server);
  Watch(server, name);
  int64_t bytes = 0;
  for (auto _ : state)
    bytes += Download(server, name);
  state.SetBytesProcessed(bytes);
}
BENCHMARK(DownloadFinished)->Name("FakeServer/Download/96MiB")->UseRealTime()->Unit(benchmark::kMillisecond);

// Measures what jobs take while readers hold streams open and do not read them.
void BesideSlowReaders(benchmark::State& state) {
  const FakeServer server({.bytes_per_frame = 1 << 20});
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::VideoEvent>>> readers;
  for (int i = 0; i < state.range(0); ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(server.stub().GenerateVideo(contexts.back().get(), DemoRequest(2)));
  }
  Watch(server, CreateVideo(server));  // behind the readers' own videos
  for (auto _ : state)
    Watch(server, CreateVideo(server));
  for (const auto& context : contexts)
    context->TryCancel();
  for (const auto& reader : readers)
    reader->Finish();
}
BENCHMARK(BesideSlowReaders)
    ->Name("FakeServer/JobBesideSlowReaders")
    ->Arg(0)
    ->Arg(8)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ruyi
