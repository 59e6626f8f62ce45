#include "server/app/side_listeners.h"

#include <ruyi/v1/video_service.grpc.pb.h>

#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"

namespace ruyi {

absl::Status CannotListen(const std::string& address, const std::string& flag) {
  return absl::UnavailableError(
      absl::StrFormat("cannot listen on %s: another program uses the port, or the host is none of this machine's; "
                      "choose others with %s",
                      address, flag));
}

absl::Status SideListeners::Start() {
  RUYI_RETURN_IF_ERROR(ListenForMetrics());
  RUYI_RETURN_IF_ERROR(ListenForProbes());
  RUYI_RETURN_IF_ERROR(ListenForAdmins());
  return ListenForBrowsers();
}

absl::Status SideListeners::ListenForMetrics() {
  constexpr size_t kThreads = 1;
  const std::string& address = parts_.options->metrics_listen;
  absl::StatusOr<std::unique_ptr<prometheus::Exposer>> exposer =
      GuardExceptions("serving metrics", [&] { return std::make_unique<prometheus::Exposer>(address, kThreads); });
  if (!exposer.ok())
    return CannotListen(address, "--metrics-listen");
  exposer_ = *std::move(exposer);
  metrics_port_ = exposer_->GetListeningPorts().front();
  exposer_->RegisterCollectable(parts_.telemetry->registry());
  exposer_->RegisterCollectable(parts_.queue_metrics);
  exposer_->RegisterCollectable(parts_.access);
  return absl::OkStatus();
}

absl::Status SideListeners::ListenForProbes() {
  const std::string& address = parts_.options->health_listen;
  if (address.empty())
    return absl::OkStatus();
  auto probes = HealthListener::Start(address, {v1::VideoService::service_full_name()}, parts_.telemetry->NewWatches());
  if (!probes.ok())
    return CannotListen(address, "--health-listen");
  probes_ = *std::move(probes);
  return absl::OkStatus();
}

absl::Status SideListeners::ListenForAdmins() {
  const ServerOptions& options = *parts_.options;
  if (options.admin_listen.empty())
    return absl::OkStatus();
  auto admin = AdminListener::Start({.address = options.admin_listen,
                                     .plugins = {.reflection = options.reflection, .channelz = options.channelz},
                                     .credentials = parts_.access->Credentials(),
                                     .doorkeeper = &parts_.access->doorkeeper(),
                                     .administration = parts_.administration,
                                     .clock = parts_.clock,
                                     .queue_capacity = options.queue_capacity,
                                     .new_watches = [this] { return parts_.telemetry->NewWatches(); }});
  if (!admin.ok())
    return CannotListen(options.admin_listen, "--admin-listen");
  admin_ = *std::move(admin);
  return absl::OkStatus();
}

absl::Status SideListeners::ListenForBrowsers() {
  const std::string& address = parts_.options->admin_page;
  if (address.empty())
    return absl::OkStatus();
  Doorkeeper& doorkeeper = parts_.access->doorkeeper();
  auto page = PageListener::Start(
      address,
      {.administration = parts_.administration,
       .jobs = parts_.jobs,
       .admit = [&doorkeeper](std::optional<std::string_view> authorization, const std::string& peer,
                              const std::string& method) { return doorkeeper.AdmitAdmin(authorization, peer, method); },
       .on_refused = [&doorkeeper](const std::string& peer, const std::string& method,
                                   const absl::Status& why) { doorkeeper.OnRefused(peer, method, why); }});
  if (!page.ok())
    return CannotListen(address, "--admin-page");
  page_ = *std::move(page);
  return absl::OkStatus();
}

void SideListeners::SetServing(bool is_serving) {
  if (probes_ != nullptr)
    probes_->SetServing(is_serving);
}

void SideListeners::End(absl::Duration timeout) {
  if (page_ != nullptr)
    page_->End();
  if (admin_ != nullptr)
    admin_->End(timeout);
}

// The page ends while the exposer does.
void SideListeners::Close() {
  End(absl::ZeroDuration());
  exposer_.reset();
  page_.reset();
  admin_.reset();
}

}  // namespace ruyi
