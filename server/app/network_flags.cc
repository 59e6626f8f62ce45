#include "server/app/network_flags.h"

#include <string>

#include "server/app/listen_address.h"

namespace ruyi {
namespace {

constexpr char kNone[] = "none";

CLI::Validator IsAddress(AddressFamily family) {
  return CLI::Validator([family](std::string& text) { return std::string(CheckListenAddress(text, family).message()); },
                        "");
}

CLI::Validator OrNone(absl::Status (*check)(std::string_view)) {
  return CLI::Validator(
      [check](std::string& text) { return text.empty() || text == kNone ? "" : std::string(check(text).message()); },
      "");
}

absl::Status CheckAnyAddress(std::string_view text) {
  return CheckListenAddress(text, AddressFamily::kAny);
}

struct NewFlag {
  CLI::App& app;
  std::string name;
  std::string variable;
  std::string help;
};

// Adds a flag of an address that may be left out.
void AddOptionalAddress(const NewFlag& flag, absl::Status (*check)(std::string_view), std::string& value) {
  flag.app.add_option(flag.name, value, flag.help)
      ->envname(flag.variable)
      ->check(OrNone(check))
      ->transform([](const std::string& text) { return text == kNone ? std::string() : text; })
      ->type_name("HOST:PORT|none")
      ->capture_default_str();
}

}  // namespace

void AddNetworkFlags(CLI::App& app, ServerOptions& options) {
  app.add_option("--listen", options.listen, "Address of the gRPC API; port 0: any free one")
      ->envname("RUYI_LISTEN")
      ->check(IsAddress(AddressFamily::kAny))
      ->type_name("HOST:PORT")
      ->capture_default_str();
  // Debian builds the web server of /metrics without IPv6.
  app.add_option("--metrics-listen", options.metrics_listen,
                 "Address of Prometheus /metrics, of IPv4; port 0: any free one")
      ->envname("RUYI_METRICS_LISTEN")
      ->check(IsAddress(AddressFamily::kIpv4Only))
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--health-listen", options.health_listen,
                 "Another address of grpc.health.v1, without TLS whatever the API has: for probes that speak none")
      ->envname("RUYI_HEALTH_LISTEN")
      ->check(IsAddress(AddressFamily::kAny))
      ->type_name("HOST:PORT");
  AddOptionalAddress({app, "--admin-listen", "RUYI_ADMIN_LISTEN",
                      "Address of ruyi.v1.AdminService, with the TLS and the credentials of the API; port 0: any free "
                      "one; none: it is not served"},
                     &CheckAnyAddress, options.admin_listen);
  AddOptionalAddress(
      {app, "--admin-page", "RUYI_ADMIN_PAGE",
       "Address of the operator's page, 127.0.0.1 or localhost, with the tokens of AdminService; port 0: any free one; "
       "none: it is not served"},
      &CheckPageAddress, options.admin_page);
  app.add_flag("--channelz", options.channelz,
               "Serve gRPC's Channelz on --admin-listen: connections and calls, for finding faults of the network")
      ->envname("RUYI_CHANNELZ");
  app.add_option(
         "--port-file", options.port_file,
         "Write the ports of the API, of /metrics, of --admin-listen and of --admin-page (0: none) to this file, once "
         "bound")
      ->envname("RUYI_PORT_FILE")
      ->type_name("FILE");
  app.add_flag("--reflection,!--no-reflection", options.reflection, "Serve gRPC reflection (default: yes)")
      ->envname("RUYI_REFLECTION");
}

}  // namespace ruyi
