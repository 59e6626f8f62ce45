// Measures what it costs to read a sealed result, which bounds how fast a video can be downloaded, and to write one.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "core/artifact/files/file_artifact_store.h"
#include "core/base/clock.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr int64_t kFilmBytes = 64 << 20;
constexpr int64_t kFragmentBytes = 1 << 20;
constexpr char kJob[] = "job";

// A store in a folder of its own, removed at the end.
class BenchStore {
 public:
  BenchStore()
      : folder_(std::filesystem::temp_directory_path() / ("artifact_bench." + std::to_string(getpid()))),
        store_(*FileArtifactStore::Open(folder_, {}, Clock::Real())) {}
  ~BenchStore() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  absl::Status WriteFilm() {
    const std::string fragment(kFragmentBytes, 'f');
    RUYI_ASSIGN_OR_RETURN(const auto writer, store_->OpenResult(kJob, 1));
    for (int64_t size = 0; size < kFilmBytes; size += kFragmentBytes)
      RUYI_RETURN_IF_ERROR(writer->Write({reinterpret_cast<const uint8_t*>(fragment.data()), fragment.size()}));
    return writer->Seal().status();
  }

  ArtifactStore& store() { return *store_; }

 private:
  const std::string folder_;
  std::unique_ptr<ArtifactStore> store_;
};

// Steps of range(0) bytes, from range(1) bytes behind the begin of a block on.
void ReadResult(benchmark::State& state) {
  BenchStore bench;
  if (!bench.WriteFilm().ok())
    return state.SkipWithError("the film cannot be written");
  int64_t offset = state.range(1);
  for (auto _ : state) {
    const auto bytes = bench.store().ReadResult(kJob, offset, state.range(0));
    if (!bytes.ok())
      return state.SkipWithError(std::string(bytes.status().message()).c_str());
    offset = bytes->is_end ? state.range(1) : offset + state.range(0);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ReadResult)
    ->Name("Artifact/ReadResult")
    ->ArgNames({"step", "behind"})
    ->Args({256 << 10, 0})
    ->Args({256 << 10, 1000})
    ->Args({64 << 10, 0})
    ->Args({1 << 20, 0});

void WriteResult(benchmark::State& state) {
  BenchStore bench;
  for (auto _ : state) {
    if (!bench.WriteFilm().ok() || !bench.store().DeleteResult(kJob).ok())
      return state.SkipWithError("the film cannot be written");
  }
  state.SetBytesProcessed(state.iterations() * kFilmBytes);
}
BENCHMARK(WriteResult)->Name("Artifact/WriteResult")->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace ruyi
