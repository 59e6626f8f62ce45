// The finished video: its file, where it comes from, and what it took. Before it: core/worker. After it: the job's
// record and its last event. Values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/artifact/file_digest.h"
#include "core/plan/progress.h"

namespace ruyi {

// Says what made a video, as far as that decides the video's bytes. It is also in the MP4's metadata.
struct Provenance {
  std::string model;                         // its name
  std::string model_sha256;                  // of the model's files, in hex
  std::map<std::string, std::string> loras;  // sha256 of each file in hex, by name
  std::string build;                         // the server's version
  std::string arithmetic;                    // the type that it was computed in, for example "BFloat16"
  std::string sampler;
  uint64_t seed = 0;
};

struct VideoResult {
  FileDigest file;
  int frame_count = 0;
  int frames_per_second = 0;
  std::vector<int> skipped_steps;  // denoising steps, from 1, that a cache left out
  Provenance provenance;
  std::string device;       // the device that made the video
  std::string reused_from;  // id of the job that made these bytes, when they were taken from there
};

// Says how much time and memory the video took, all attempts together.
struct VideoUsage {
  absl::Duration queued;        // from acceptance to the start of the work
  absl::Duration conditioning;  // time per phase
  absl::Duration denoising;
  absl::Duration decoding;  // encoding to MP4 included
  GenerationReport report;  // of the last attempt
  absl::Duration worked;    // on the device, all phases of all attempts
  int resumes = 0;          // how often the work went on in another attempt
};

}  // namespace ruyi
