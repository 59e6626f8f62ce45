// What a server listens on beside its API: /metrics for Prometheus, health for probes that speak no TLS, AdminService,
// and the operator's page. Before it: server.h. After it: the wire, and server/admin. Owns the listeners. Start, End
// and Close belong to one thread; the rest is thread-safe.
#pragma once

#include <prometheus/exposer.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/admin/administration.h"
#include "server/app/access.h"
#include "server/app/admin_listener.h"
#include "server/app/health_listener.h"
#include "server/app/server_options.h"
#include "server/app/telemetry.h"
#include "server/metrics/queue_metrics.h"
#include "server/page/page_listener.h"

namespace ruyi {

// Returns UNAVAILABLE, in words for whoever gave the address with `flag`.
absl::Status CannotListen(const std::string& address, const std::string& flag);

class SideListeners {
 public:
  // All that is pointed to must outlive the listeners.
  struct Parts {
    const ServerOptions* options = nullptr;
    Telemetry* telemetry = nullptr;
    std::shared_ptr<Access> access;
    std::shared_ptr<QueueMetrics> queue_metrics;
    Administration* administration = nullptr;
    const JobStore* jobs = nullptr;
    const Clock* clock = nullptr;
  };
  explicit SideListeners(Parts parts) : parts_(std::move(parts)) {}

  // Binds what the options ask for. Blocks for that. UNAVAILABLE: an address cannot be bound.
  absl::Status Start();

  // Return the ports that were bound; 0: none.
  int metrics_port() const { return metrics_port_; }
  int health_port() const { return probes_ == nullptr ? 0 : probes_->port(); }
  int admin_port() const { return admin_ == nullptr ? 0 : admin_->port(); }
  int page_port() const { return page_ == nullptr ? 0 : page_->port(); }

  // Says what health is.
  void SetServing(bool is_serving);

  // Takes no more calls of administrators and no more requests of the page, and cancels calls that have not ended after
  // `timeout`. Blocks for that time at most, and for what AdminService is working on.
  void End(absl::Duration timeout);

  // Ends all but health, and waits for that: two seconds at most, and for what is being worked on.
  void Close();

 private:
  absl::Status ListenForMetrics();
  absl::Status ListenForProbes();
  absl::Status ListenForAdmins();
  absl::Status ListenForBrowsers();

  const Parts parts_;
  std::unique_ptr<prometheus::Exposer> exposer_;
  std::unique_ptr<HealthListener> probes_;
  std::unique_ptr<AdminListener> admin_;
  std::unique_ptr<PageListener> page_;
  int metrics_port_ = 0;
};

}  // namespace ruyi
