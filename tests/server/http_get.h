// One HTTP request to this machine, as Prometheus sends it. Functions without state; thread-safe.
#pragma once

#include <string>

namespace ruyi {

// The whole answer, headers included; empty when none came. Blocks.
std::string HttpGet(int port, const std::string& path);

// Connects and goes away. Does not wait for an answer, which a server that ends may never give.
void Knock(int port);

}  // namespace ruyi
