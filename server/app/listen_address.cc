#include "server/app/listen_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

namespace ruyi {
namespace {

constexpr int kLastPort = 65535;

bool IsPort(std::string_view text) {
  const bool has_digits_only = !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  int port = 0;
  return has_digits_only && absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &port) && port <= kLastPort;
}

// Returns true for names and IPv4 addresses.
bool IsHost(std::string_view text) {
  const auto is_allowed = [](char letter) { return absl::ascii_isalnum(letter) || letter == '.' || letter == '-'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_allowed);
}

// Returns true for IPv6 addresses, with or without a zone, as in fe80::1%eth0.
bool IsIpv6(std::string_view text) {
  in6_addr address;
  const std::string without_zone(text.substr(0, text.find('%')));
  return inet_pton(AF_INET6, without_zone.c_str(), &address) == 1;
}

bool IsBracketed(std::string_view host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']' && IsIpv6(host.substr(1, host.size() - 2));
}

}  // namespace

absl::Status CheckListenAddress(std::string_view text, AddressFamily family) {
  const std::string shown(text);
  if (absl::StartsWith(shown, "unix:"))
    return absl::InvalidArgumentError(absl::StrFormat("'%s': Unix sockets are not served; use HOST:PORT", shown));
  const size_t colon = text.rfind(':');
  const std::string_view host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  const bool is_ipv6 = IsBracketed(host);
  if (!(IsHost(host) || is_ipv6) || !IsPort(text.substr(colon + 1)))
    return absl::InvalidArgumentError(absl::StrFormat(
        "'%s' is malformed; it must be HOST:PORT, such as 127.0.0.1:50051, 0.0.0.0:50051 or, for IPv6, [::1]:50051",
        shown));
  if (is_ipv6 && family == AddressFamily::kIpv4Only)
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s': only IPv4 is served here; use an IPv4 address, such as 0.0.0.0:9090", shown));
  return absl::OkStatus();
}

absl::Status CheckPageAddress(std::string_view text) {
  const absl::Status status = CheckListenAddress(text, AddressFamily::kAny);
  if (!status.ok())
    return status;
  const std::string shown(text);
  const std::string host = shown.substr(0, shown.rfind(':'));
  const std::string port = shown.substr(shown.rfind(':') + 1);
  if (host == "127.0.0.1" || host == "localhost")
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "'%s' is not 127.0.0.1 or localhost; the page has no TLS, and is served to this machine alone: give "
      "127.0.0.1:%s, or none. It is reached from elsewhere through `ssh -L %s:127.0.0.1:%s HOST` or `kubectl "
      "port-forward POD %s`",
      shown, port, port, port, port));
}

bool IsLoopback(std::string_view text) {
  constexpr uint32_t kLoopbackNet = 127;
  std::string host(text.substr(0, text.rfind(':')));
  if (IsBracketed(host))
    host = host.substr(1, host.size() - 2);
  in6_addr ipv6 = {};
  if (inet_pton(AF_INET6, host.c_str(), &ipv6) == 1)
    return IN6_IS_ADDR_LOOPBACK(&ipv6);
  in_addr ipv4 = {};
  if (inet_pton(AF_INET, host.c_str(), &ipv4) == 1)
    return ntohl(ipv4.s_addr) >> 24 == kLoopbackNet;
  return absl::AsciiStrToLower(host) == "localhost";
}

}  // namespace ruyi
