// Measures what the server costs beside the model: calls over loopback gRPC to a server whose pipeline and encoder are
// fakes (FakeServer), and waits that a user notices.
#include <benchmark/benchmark.h>

#include <chrono>
#include <optional>
#include <string>

#include "server/app/component_factory.h"
#include "tests/bench/bench_inputs.h"
#include "tests/bench/fake_server.h"
#include "tests/bench/test_server.h"

namespace ruyi {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The demo request to a server that makes 24 frames of `bytes_per_frame` each out of nothing.
void Jobs(benchmark::State& state, int bytes_per_frame) {
  const FakeServer server({.bytes_per_frame = bytes_per_frame});
  const v1::GenerateVideoRequest request = DemoRequest(25);
  int64_t bytes = 0;
  for (auto _ : state) {
    const absl::Status status =
        server.Generate(request, [&bytes](const v1::VideoEvent& event) { bytes += event.chunk().data().size(); });
    if (!status.ok())
      return state.SkipWithError(std::string(status.message()).c_str());
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(bytes);
}
BENCHMARK_CAPTURE(Jobs, small, 1 << 10)->Name("FakeServer/Jobs/24KiB")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Jobs, large, 1 << 20)->Name("FakeServer/Jobs/24MiB")->UseRealTime()->Unit(benchmark::kMillisecond);

void FirstEvent(benchmark::State& state) {
  const FakeServer server({.bytes_per_frame = 1 << 10});
  const v1::GenerateVideoRequest request = DemoRequest(25);
  for (auto _ : state) {
    const Clock::time_point start = Clock::now();
    std::optional<double> first;
    const absl::Status status =
        server.Generate(request, [&](const v1::VideoEvent&) { first = first.value_or(SecondsSince(start)); });
    if (!status.ok())
      return state.SkipWithError(std::string(status.message()).c_str());
    state.SetIterationTime(*first);
  }
}
BENCHMARK(FirstEvent)->Name("FakeServer/RequestToFirstEvent")->UseManualTime()->Unit(benchmark::kMillisecond);

// Takes the time from the news that denoising is over to the first bytes after it: the first fragment with frames. (The
// file's header is sent when the work starts.)
class FragmentTimer {
 public:
  void OnEvent(const v1::VideoEvent& event) {
    const v1::VideoProgress& progress = event.progress();
    const bool denoised = progress.phase() == v1::PHASE_DECODING ||
                          (progress.phase() == v1::PHASE_DENOISING && progress.step() == progress.total());
    if (denoised && !denoised_at_.has_value())
      denoised_at_ = Clock::now();
    if (event.has_chunk() && denoised_at_.has_value() && !seconds_.has_value())
      seconds_ = SecondsSince(*denoised_at_);
  }

  double seconds() const { return seconds_.value_or(0); }

 private:
  std::optional<Clock::time_point> denoised_at_;
  std::optional<double> seconds_;
};

// Runs on the demo model, in the type of computation that a server chooses.
void FirstFragment(benchmark::State& state) {
  const TestServer server(&MakeComponents);
  const v1::GenerateVideoRequest request = DemoRequest(2);
  for (auto _ : state) {
    FragmentTimer timer;
    const absl::Status status =
        server.Generate(request, [&timer](const v1::VideoEvent& event) { timer.OnEvent(event); });
    if (!status.ok())
      return state.SkipWithError(std::string(status.message()).c_str());
    state.SetIterationTime(timer.seconds());
  }
}
BENCHMARK(FirstFragment)->Name("Server/LastStepToFirstFragment")->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ruyi
