// Holds what the user asked of `ruyi-client estimate`. Before it: CommandLine. After it: EstimateCommand. Plain data.
#pragma once

#include <cstdint>
#include <optional>

#include "client/request_options.h"

namespace ruyi::client {

struct EstimateOptions {
  RequestOptions request;
  std::optional<int32_t> vram_mib;  // memory of the device to estimate for; absent: the server's
  bool json = false;
};

}  // namespace ruyi::client
