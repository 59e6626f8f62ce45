#include "tests/client/frozen_link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ruyi::client {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int Listen() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in any = Loopback(0);
  bind(listener, reinterpret_cast<const sockaddr*>(&any), sizeof(any));
  listen(listener, 1);
  return listener;
}

int PortOf(int listener) {
  sockaddr_in bound = {};
  socklen_t size = sizeof(bound);
  getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
  return ntohs(bound.sin_port);
}

int Connect(int port) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in target = Loopback(port);
  connect(connection, reinterpret_cast<const sockaddr*>(&target), sizeof(target));
  return connection;
}

// Blocks until one of both can be read; false when `stop` can.
bool AwaitBytes(std::array<pollfd, 3>& sockets) {
  poll(sockets.data(), sockets.size(), -1);
  return sockets[2].revents == 0;
}

// Carries the bytes that have come from one to the other; returns false at the end of the stream.
bool CarryOnce(int from, int to) {
  std::array<char, 65536> bytes;
  const ssize_t size = read(from, bytes.data(), bytes.size());
  return size > 0 && write(to, bytes.data(), static_cast<size_t>(size)) == size;
}

}  // namespace

FrozenLink::FrozenLink(const std::string& target) : target_port_(0), listener_(Listen()) {
  const bool is_number = absl::SimpleAtoi(target.substr(target.rfind(':') + 1), &target_port_);
  address_ = absl::StrCat("127.0.0.1:", is_number && pipe(stop_pipe_) == 0 ? PortOf(listener_) : 0);
  carrier_ = std::thread([this] { Carry(); });
}

FrozenLink::~FrozenLink() {
  Freeze();
  carrier_.join();
  for (const int descriptor : {client_, server_, listener_, stop_pipe_[0], stop_pipe_[1]})
    close(descriptor);
}

void FrozenLink::Freeze() {
  const char word = 's';
  if (write(stop_pipe_[1], &word, 1) != 1)
    close(stop_pipe_[1]);
}

void FrozenLink::Carry() {
  std::array<pollfd, 3> waiting = {{{-1, 0, 0}, {listener_, POLLIN, 0}, {stop_pipe_[0], POLLIN, 0}}};
  if (!AwaitBytes(waiting))
    return;
  client_ = accept(listener_, nullptr, nullptr);
  server_ = Connect(target_port_);
  std::array<pollfd, 3> sockets = {{{client_, POLLIN, 0}, {server_, POLLIN, 0}, {stop_pipe_[0], POLLIN, 0}}};
  for (bool open = true; open && AwaitBytes(sockets);) {
    if (sockets[0].revents != 0)
      open = CarryOnce(client_, server_);
    if (open && sockets[1].revents != 0)
      open = CarryOnce(server_, client_);
  }
}

}  // namespace ruyi::client
