// Holds what the user asked of `ruyi-client generate`. Before it: CommandLine. After it: GenerateCommand. Plain data.
#pragma once

#include <optional>
#include <string>

#include "client/job_options.h"
#include "client/request_options.h"

namespace ruyi::client {

constexpr double kDefaultRetrySeconds = 600;

struct GenerateOptions {
  RequestOptions request;
  JobOptions job;
  std::optional<double> timeout_s;
  double retry_for_s = kDefaultRetrySeconds;
  std::string out;    // path of the MP4
  std::string sheet;  // path of a PNG
  bool json = false;
  bool resume = false;
  bool detach = false;
};

}  // namespace ruyi::client
