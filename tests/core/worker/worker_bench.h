// A worker's surroundings: a store in memory, artifacts in a temporary folder, a clock that stands, and jobs of
// FakePipeline. Not thread-safe but for what it gives out.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/artifact/files/file_artifact_store.h"
#include "core/worker/job_run.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_image_encoder.h"
#include "tests/support/fake_pipeline.h"
#include "tests/support/fake_video_encoder.h"
#include "tests/support/flaky_job_store.h"
#include "tests/support/grey_image.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_plan.h"

namespace ruyi {

class WorkerBench {
 public:
  WorkerBench() : jobs(JobStoreOptions(), clock) {
    absl::StatusOr<std::unique_ptr<FileArtifactStore>> opened =
        FileArtifactStore::Open(folder.path().string(), {}, clock);
    EXPECT_THAT(opened, IsOk());
    artifacts = *std::move(opened);
  }

  // Tools of a worker on this bench; troubles are kept.
  WorkerTools Tools() {
    return {.name = "worker-0",
            .jobs = &jobs,
            .artifacts = artifacts.get(),
            .encoders = &encoders,
            .previews = &previews,
            .clock = &clock,
            .provenance = {.model = "model", .model_sha256 = "m", .build = "1"},
            .device = "cpu",
            .retry_interval = absl::ZeroDuration(),
            .on_trouble = [this](const absl::Status& status) { troubles.push_back(status); }};
  }

  // A job of `spec` whose picture is kept.
  std::string CreateJob(VideoSpec spec = TestSpec()) {
    const RgbImage picture = GreyImage(spec.size);
    const absl::StatusOr<std::string> kept =
        artifacts->PutBlob(std::string(picture.pixels.begin(), picture.pixels.end()));
    EXPECT_THAT(kept, IsOk());
    for (PictureRef& ref : spec.start_pictures)
      ref.pixels_sha256 = kept.value_or("");
    const std::string id = "job-" + std::to_string(++created_);
    EXPECT_THAT(jobs.Create({.ticket = {.id = id}, .spec = std::move(spec), .advice = {}, .completed = {}}), IsOk());
    return id;
  }

  Lease Claim() {
    absl::StatusOr<std::optional<Lease>> lease = jobs.Claim("worker-0", absl::Minutes(1));
    EXPECT_TRUE(lease.ok() && lease->has_value());
    return **lease;
  }

  JobRecord Get(const std::string& id) { return jobs.Get(id).value_or(JobRecord()); }

  // The events of one kind in the job's log.
  template <typename Event>
  std::vector<Event> EventsOf(const std::string& id) {
    std::vector<Event> events;
    const std::vector<LoggedEvent> log = jobs.Read(id, 0, 1000).value_or(std::vector<LoggedEvent>());
    for (const LoggedEvent& logged : log) {
      if (const auto* event = std::get_if<Event>(&logged.event))
        events.push_back(*event);
    }
    return events;
  }

  // Returns all bytes of the job's result so far.
  std::string BytesOf(const std::string& id) {
    return artifacts->ReadResult(id, 0, int64_t{1} << 30).value_or(ResultBytes()).data;
  }

  const TemporaryFolder folder;
  FakeClock clock;
  FlakyJobStore jobs;
  std::unique_ptr<FileArtifactStore> artifacts;
  FakeVideoEncoderFactory encoders;
  FakeImageEncoder previews;
  std::vector<absl::Status> troubles;

 private:
  int created_ = 0;
};

}  // namespace ruyi
