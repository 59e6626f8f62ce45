#include "tests/server/raw_http2.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ruyi {
namespace {

constexpr size_t kHeaderSize = 9;

void SendAll(int socket, const std::string& bytes) {
  send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);  // a closed connection shows when it is read
}

}  // namespace

RawHttp2::RawHttp2(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

RawHttp2::~RawHttp2() {
  close(socket_);
}

void RawHttp2::Greet() {
  SendAll(socket_, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  Send({.type = kSettingsFrame});
}

void RawHttp2::Send(const Http2Frame& frame) {
  std::string bytes(kHeaderSize, '\0');
  bytes[2] = static_cast<char>(frame.payload.size());
  bytes[3] = static_cast<char>(frame.type);
  bytes[4] = static_cast<char>(frame.flags);
  SendAll(socket_, bytes + frame.payload);
}

std::optional<Http2Frame> RawHttp2::Read() {
  const std::optional<std::string> header = Receive(kHeaderSize);
  if (!header.has_value())
    return std::nullopt;
  const auto byte = [&](int index) { return static_cast<uint8_t>((*header)[index]); };
  std::optional<std::string> payload = Receive(byte(0) << 16 | byte(1) << 8 | byte(2));
  if (!payload.has_value())
    return std::nullopt;
  return Http2Frame{.type = byte(3), .flags = byte(4), .payload = *std::move(payload)};
}

std::optional<Http2Frame> RawHttp2::Await(uint8_t type, uint8_t flags) {
  while (true) {
    std::optional<Http2Frame> frame = Read();
    if (!frame.has_value() || (frame->type == type && frame->flags == flags))
      return frame;
  }
}

std::optional<std::string> RawHttp2::Receive(size_t size) {
  std::string bytes(size, '\0');
  if (size > 0 && recv(socket_, bytes.data(), size, MSG_WAITALL) != static_cast<ssize_t>(size))
    return std::nullopt;
  return bytes;
}

}  // namespace ruyi
