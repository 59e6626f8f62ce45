// Counts the streams that each tenant has open on this server, and holds tenants to their quota of them. Before it:
// video_service.h. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/quota/quotas.h"

namespace ruyi {

class WatcherPlaces {
 public:
  // Without quotas there is always a place.
  explicit WatcherPlaces(std::shared_ptr<const Quotas> quotas) : quotas_(std::move(quotas)) {}

  // Takes a place of the tenant for as long as the returned object lives, which may be longer than this one.
  // RESOURCE_EXHAUSTED QUOTA_EXCEEDED: all are taken.
  absl::StatusOr<std::shared_ptr<void>> Take(const std::string& tenant);

 private:
  class Counts {
   public:
    // Returns how many there were before. Takes none where these are `limit` or more.
    int64_t Add(const std::string& tenant, int64_t limit);
    void Remove(const std::string& tenant);

   private:
    absl::Mutex mutex_;
    std::map<std::string, int64_t> counts_ ABSL_GUARDED_BY(mutex_);
  };

  const std::shared_ptr<const Quotas> quotas_;
  const std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace ruyi
