#include "core/quota/quotas.h"

#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

using nlohmann::json;

struct Field {
  const char* name;
  std::optional<int64_t> TenantQuota::* value;
};

constexpr Field kFields[] = {{"running", &TenantQuota::running},
                             {"waiting", &TenantQuota::waiting},
                             {"device_seconds_a_day", &TenantQuota::device_seconds_a_day},
                             {"upload_bytes_a_day", &TenantQuota::upload_bytes_a_day},
                             {"watchers", &TenantQuota::watchers}};

std::string KnownFields() {
  return absl::StrJoin(kFields, ", ", [](std::string* out, const Field& field) { out->append(field.name); });
}

// A field that nobody knows is refused: one that is misspelt would be a limit that does not hold.
absl::Status ReadField(const std::string& place, const std::string& key, const json& value, TenantQuota& quota) {
  for (const Field& field : kFields) {
    if (key != field.name)
      continue;
    if (!value.is_number_integer() || value < 0)
      return absl::FailedPreconditionError(absl::StrFormat("%s.%s must be a whole number from 0 on", place, key));
    quota.*field.value = value.get<int64_t>();
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrFormat("%s.%s is no quota that this server knows; use %s", place, key, KnownFields()));
}

absl::StatusOr<TenantQuota> QuotaOf(const std::string& place, const json& object, TenantQuota quota) {
  if (!object.is_object())
    return absl::FailedPreconditionError(absl::StrFormat("%s must be an object with %s", place, KnownFields()));
  for (const auto& [key, value] : object.items())
    RUYI_RETURN_IF_ERROR(ReadField(place, key, value, quota));
  return quota;
}

absl::StatusOr<QuotaTable> TableOf(const json& file) {
  QuotaTable table;
  for (const auto& [key, value] : file.items()) {
    if (key != "default" && key != "tenants")
      return absl::FailedPreconditionError(absl::StrFormat("'%s' is not known; use default and tenants", key));
  }
  if (file.contains("default")) {
    RUYI_ASSIGN_OR_RETURN(table.usual, QuotaOf("default", file["default"], {}));
  }
  if (!file.contains("tenants"))
    return table;
  if (!file["tenants"].is_object())
    return absl::FailedPreconditionError("tenants must be an object with the names of tenants");
  for (const auto& [tenant, value] : file["tenants"].items()) {
    RUYI_ASSIGN_OR_RETURN(table.tenants[tenant], QuotaOf(absl::StrFormat("tenants.%s", tenant), value, table.usual));
  }
  return table;
}

}  // namespace

absl::Status Quotas::Reload() {
  RUYI_ASSIGN_OR_RETURN(QuotaTable table, ParseJsonFile(path_, TableOf));
  absl::MutexLock lock(&mutex_);
  table_ = std::move(table);
  return absl::OkStatus();
}

TenantQuota Quotas::Of(const std::string& tenant) const {
  absl::MutexLock lock(&mutex_);
  const auto found = table_.tenants.find(tenant);
  return found == table_.tenants.end() ? table_.usual : found->second;
}

}  // namespace ruyi
