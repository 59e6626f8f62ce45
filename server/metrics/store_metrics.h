// Tells Prometheus how long the store of jobs takes. Before it: core/store/timed_job_store.h. After it: the registry
// that /metrics shows. Thread-safe.
#pragma once

#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "server/metrics/buckets.h"

namespace ruyi {

class StoreMetrics {
 public:
  // Adds its family to `registry`, which must outlive this object.
  explicit StoreMetrics(prometheus::Registry& registry)
      : seconds_(prometheus::BuildHistogram()
                     .Name("ruyi_store_seconds")
                     .Help("What operations of the store of jobs took, whatever came of them.")
                     .Register(registry)) {}

  // To be called when an operation of the store has ended.
  void OnDone(std::string_view operation, absl::Duration took) {
    seconds_.Add({{"operation", std::string(operation)}}, WaitSeconds()).Observe(absl::ToDoubleSeconds(took));
  }

 private:
  prometheus::Family<prometheus::Histogram>& seconds_;
};

}  // namespace ruyi
