// Checks an address to listen on, as a command line gives it. Before it: --listen and its like. After it: gRPC and
// the web servers of /metrics and of the operator's page, which take the same text. Functions without state.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace ruyi {

enum class AddressFamily { kAny, kIpv4Only };

// Returns INVALID_ARGUMENT unless `text` is HOST:PORT, where HOST is a name, an IPv4 address or, with kAny, an IPv6
// address in brackets, and PORT is 0 to 65535. Only binding the port shows whether the host is one of this machine.
absl::Status CheckListenAddress(std::string_view text, AddressFamily family);

// Returns true when only this machine reaches the address HOST:PORT: localhost, 127.0.0.0/8 or ::1. Any other name is
// taken for one that others reach.
bool IsLoopback(std::string_view text);

// Returns INVALID_ARGUMENT unless `text` is HOST:PORT where HOST is 127.0.0.1 or localhost, by which browsers may name
// the operator's page; the message says how the page is reached from elsewhere.
absl::Status CheckPageAddress(std::string_view text);

}  // namespace ruyi
