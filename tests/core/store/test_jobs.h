// Makes small jobs for the tests of stores. Functions without state; thread-safe.
#pragma once

#include <string>

#include "core/job/job_event.h"
#include "core/store/job_store.h"

namespace ruyi {

// A job of normal priority that is predicted to take two seconds.
inline NewJob TestNewJob(const std::string& id) {
  NewJob job;
  job.ticket.id = id;
  job.ticket.reuse_key = "key of " + id;
  job.spec.start_pictures = {{.source_sha256 = "source of " + id, .pixels_sha256 = "pixels of " + id}};
  job.spec.size = {.width = 64, .height = 32};
  job.spec.frame_count = 8;
  job.spec.steps = 3;
  job.advice.prediction.Of(Stage::kDenoise).seconds = 2;
  job.advice.reason = "advice";
  return job;
}

// The same with a request_id whose digest is `digest`.
inline NewJob TestRequest(const std::string& id, const std::string& request_id, const std::string& digest = "digest") {
  NewJob job = TestNewJob(id);
  job.ticket.request_id = request_id;
  job.ticket.request_digest = digest;
  return job;
}

inline NewJob TestNewJob(const std::string& id, Priority priority) {
  NewJob job = TestNewJob(id);
  job.ticket.priority = priority;
  return job;
}

inline JobProgress TestProgress(int done) {
  return {.progress = {.phase = Phase::kDenoising, .done = done, .total = 3}};
}

inline JobCompleted TestCompleted() {
  JobCompleted completed;
  completed.result.file = {.size_bytes = 5, .sha256 = std::string(32, 'x')};
  completed.result.frame_count = 8;
  completed.usage.denoising = absl::Seconds(3);
  return completed;
}

}  // namespace ruyi
