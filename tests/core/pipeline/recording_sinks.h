// Keeps what a pipeline reports and gives, and may end the run on the way. Before it: a Pipeline. Not thread-safe.
#pragma once

#include <functional>
#include <ostream>
#include <utility>
#include <vector>

#include "core/pipeline/pipeline.h"

namespace ruyi {

inline bool operator==(const Progress& a, const Progress& b) {
  return a.phase == b.phase && a.done == b.done && a.total == b.total;
}

inline void PrintTo(const Progress& progress, std::ostream* out) {
  *out << "phase " << static_cast<int>(progress.phase) << ": " << progress.done << " of " << progress.total;
}

class RecordingProgress final : public ProgressSink {
 public:
  RecordingProgress() = default;

  // Calls `after_report` with the number of reports so far, this one included.
  explicit RecordingProgress(std::function<void(size_t)> after_report) : after_report_(std::move(after_report)) {}

  void OnProgress(const Progress& progress) override {
    reports.push_back(progress);
    after_report_(reports.size());
  }

  void OnRetry(const Retry& retry) override { retries.push_back(retry); }
  void OnResume() override { ++resumes; }
  void OnPreview(int step, const RgbImage& picture) override { previews.emplace_back(step, picture); }

  std::vector<Progress> reports;
  std::vector<Retry> retries;
  int resumes = 0;
  std::vector<std::pair<int, RgbImage>> previews;  // by step

 private:
  std::function<void(size_t)> after_report_ = [](size_t) {};
};

class RecordingFrames final : public FrameSink {
 public:
  RecordingFrames() = default;

  // Returns `error` for the frame with index `fail_at`.
  RecordingFrames(size_t fail_at, absl::Status error) : fail_at_(fail_at), error_(std::move(error)) {}

  absl::Status OnFrame(const RgbImage& frame) override {
    frames.push_back(frame);
    return frames.size() == fail_at_ + 1 ? error_ : absl::OkStatus();
  }

  // The bytes of all frames, one after the other.
  std::vector<uint8_t> Bytes() const {
    std::vector<uint8_t> bytes;
    for (const RgbImage& frame : frames)
      bytes.insert(bytes.end(), frame.pixels.begin(), frame.pixels.end());
    return bytes;
  }

  std::vector<RgbImage> frames;

 private:
  size_t fail_at_ = 0;
  absl::Status error_;
};

}  // namespace ruyi
