#include "server/app/admin_log.h"

#include "core/base/error_info.h"
#include "server/app/log.h"

namespace ruyi {

// A change is worth a warning: whoever looks for what has become of a job must find it at every level but error.
void LogAdminChange(const AdminChange& change) {
  nlohmann::json fields = {{"action", change.action}, {"principal", change.by.principal}, {"tenant", change.by.tenant},
                           {"peer", change.by.peer},  {"call_id", change.by.call_id},     {"done", change.result.ok()}};
  if (!change.details.empty())
    fields["details"] = change.details;
  if (!change.result.ok()) {
    fields["code"] = absl::StatusCodeToString(change.result.code());
    fields["reason"] = GetErrorInfo(change.result).reason;
    fields["message"] = std::string(change.result.message());
  }
  Log(LogLevel::kWarning, "admin_change", fields);
}

}  // namespace ruyi
