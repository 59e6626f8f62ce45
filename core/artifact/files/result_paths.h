// Names the files of a result. A value and functions without state; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace ruyi {

inline constexpr std::string_view kResultSuffix = ".mp4";
inline constexpr std::string_view kSealSuffix = ".seal";
inline constexpr std::string_view kTokensSuffix = ".tokens";

struct ResultPaths {
  std::string file;
  std::string seal;    // there once the result is whole
  std::string tokens;  // there until then
};

// Returns the paths of the result of `job_id`, which must be a job's id: see IsJobId.
inline ResultPaths PathsOf(const std::string& folder, const std::string& job_id) {
  const std::string stem = folder + "/" + job_id;
  const auto with = [&stem](std::string_view suffix) { return stem + std::string(suffix); };
  return {.file = with(kResultSuffix), .seal = with(kSealSuffix), .tokens = with(kTokensSuffix)};
}

}  // namespace ruyi
