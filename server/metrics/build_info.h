// Tells Prometheus which server this is. Before it: server/app/server.cc. After it: the registry that /metrics shows. A
// function without state.
#pragma once

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <string>

namespace ruyi {

// Adds a gauge that is always 1, and whose labels say what runs.
inline void AddBuildInfo(prometheus::Registry& registry, const std::string& version, const std::string& model) {
  prometheus::BuildGauge()
      .Name("ruyi_build_info")
      .Help("Always 1; the labels say which version serves which model.")
      .Register(registry)
      .Add({{"version", version}, {"model", model}})
      .Set(1);
}

}  // namespace ruyi
