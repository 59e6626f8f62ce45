// One HTTP request to this machine, as Prometheus sends it. A function without state; thread-safe.
#pragma once

#include <string>

namespace ruyi {

// The whole answer, headers included; empty when none came. Blocks.
std::string HttpGet(int port, const std::string& path);

}  // namespace ruyi
