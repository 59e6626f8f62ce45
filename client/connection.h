// Says how the server is reached: in plaintext or by TLS, and with which credentials. Before it: the command line and
// the variable RUYI_TOKEN. After it: client_call.h. Values and a function without state; thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/client_call.h"

namespace ruyi::client {

// Paths of files; empty: not given.
struct ConnectionOptions {
  std::string tls_ca;    // PEM: who may have signed the server's certificate; TLS is spoken when it is given
  std::string tls_cert;  // PEM, with tls_key: the certificate that the server asks for
  std::string tls_key;
  std::string tls_server_name;  // that the server's certificate must have; empty: the host of the address
  std::string token_file;
};

// Returns the channel's options for the server at `address`. A token comes from the file, or from the variable
// RUYI_TOKEN. FAILED_PRECONDITION: a file cannot be read or is no PEM, certificate and key are not both given, with
// tls_ca, or are no pair, the token has bytes that no token has, or it would travel unencrypted to another machine.
// Blocks on the disk.
absl::StatusOr<ChannelOptions> ChannelOptionsOf(const ConnectionOptions& options, const std::string& address);

}  // namespace ruyi::client
