#include "server/app/refused_connections.h"

#include "server/app/log.h"

namespace ruyi {

void RefusedConnections::Add(std::string_view why) {
  absl::MutexLock lock(&mutex_);
  ++untold_;
  if (clock_.Elapsed() < next_line_)
    return;
  Log(LogLevel::kWarning, "connections_refused", {{"connections", untold_}, {"message", why}});
  untold_ = 0;
  next_line_ = clock_.Elapsed() + kInterval;
}

}  // namespace ruyi
