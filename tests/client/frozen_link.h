// A TCP link to a server of this machine that can stop carrying bytes without closing: a connection that is half-open.
// One connection at a time. Owns its thread and sockets. Freeze is thread-safe.
#pragma once

#include <string>
#include <thread>

namespace ruyi::client {

class FrozenLink {
 public:
  // `target` is 127.0.0.1:PORT.
  explicit FrozenLink(const std::string& target);
  ~FrozenLink();
  FrozenLink(const FrozenLink&) = delete;
  FrozenLink& operator=(const FrozenLink&) = delete;

  // Returns 127.0.0.1:PORT, at which the link listens.
  const std::string& address() const { return address_; }

  // Makes the link carry nothing any more, in both directions.
  void Freeze();

 private:
  void Carry();

  int target_port_;
  int listener_;
  int client_ = -1;  // stay open until the link goes, so that neither side is told
  int server_ = -1;
  int stop_pipe_[2];  // readable once the link is frozen
  std::string address_;
  std::thread carrier_;
};

}  // namespace ruyi::client
