// The quotas of all tenants, from a JSON file that may change while the server runs:
//   {"default": {"waiting": 100}, "tenants": {"film": {"running": 4, "device_seconds_a_day": 86400}}}
// A tenant that is named has what stands there, and for the rest what stands under "default". Before it: the operator,
// server/app. After it: core/store, core/intake and server/service. Thread-safe.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/quota/tenant_quota.h"

namespace ruyi {

struct QuotaTable {
  TenantQuota usual;
  std::map<std::string, TenantQuota> tenants;
};

class Quotas {
 public:
  // Limits nobody until Reload.
  explicit Quotas(std::filesystem::path path = {}) : path_(std::move(path)) {}

  // Reads the file again; with an error what was read before stays. NOT_FOUND, DATA_LOSS: see ReadJsonFile.
  // FAILED_PRECONDITION: a field is not known, or its value is no whole number from 0 on; the message names it. Blocks
  // on the disk.
  absl::Status Reload();

  TenantQuota Of(const std::string& tenant) const;

 private:
  const std::filesystem::path path_;
  mutable absl::Mutex mutex_;
  QuotaTable table_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ruyi
