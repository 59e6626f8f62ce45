// A channel whose every call carries metadata, such as a token. Functions without state; thread-safe.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>

#include <map>
#include <memory>
#include <string>

namespace ruyi {

// Returns a channel with a connection of its own to a port of this machine.
std::shared_ptr<grpc::Channel> ConnectWith(
    int port, const std::multimap<std::string, std::string>& metadata,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials = grpc::InsecureChannelCredentials());

// Returns one whose calls carry a bearer token.
inline std::shared_ptr<grpc::Channel> ConnectAs(
    int port, const std::string& token,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials = grpc::InsecureChannelCredentials()) {
  return ConnectWith(port, {{"authorization", "Bearer " + token}}, credentials);
}

}  // namespace ruyi
