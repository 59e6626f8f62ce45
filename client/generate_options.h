// What the user asked of `ruyi-client generate`. Before it: CommandLine. After it: GenerateCommand. Plain data.
#pragma once

#include <optional>
#include <string>

#include "client/request_options.h"

namespace ruyi::client {

struct GenerateOptions {
  RequestOptions request;
  std::optional<double> timeout_s;
  std::string out;    // path of the MP4
  std::string sheet;  // path of a PNG
  bool json = false;
};

}  // namespace ruyi::client
