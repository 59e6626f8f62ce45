#include "tests/core/http/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ruyi {
namespace {

constexpr int kPollMs = 20;

bool AwaitBytes(int socket, const std::atomic<bool>& is_over) {
  pollfd look = {.fd = socket, .events = POLLIN, .revents = 0};
  while (!is_over) {
    if (poll(&look, 1, kPollMs) > 0)
      return true;
  }
  return false;
}

// Returns the size of a whole request in `bytes`, or npos.
size_t SizeOfRequest(const std::string& bytes) {
  const size_t head = bytes.find("\r\n\r\n");
  if (head == std::string::npos)
    return std::string::npos;
  size_t body = 0;
  const size_t length = bytes.find("Content-Length: ");
  if (length < head && !absl::SimpleAtoi(bytes.substr(length + 16, bytes.find('\r', length) - length - 16), &body))
    return std::string::npos;
  const size_t size = head + 4 + body;
  return bytes.size() >= size ? size : std::string::npos;
}

}  // namespace

ScriptedServer::ScriptedServer(Handler handler)
    : handler_(std::move(handler)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address = {.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  bind(listener_, reinterpret_cast<const sockaddr*>(&address), size);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  listen(listener_, 8);
  thread_ = std::thread([this] { Run(); });
}

ScriptedServer::~ScriptedServer() {
  is_over_ = true;
  thread_.join();
  close(listener_);
}

std::string ScriptedServer::url() const {
  return absl::StrCat("http://127.0.0.1:", port_);
}

std::string ScriptedServer::Ok(const std::string& body) {
  return absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

void ScriptedServer::Run() {
  while (AwaitBytes(listener_, is_over_)) {
    const int connection = accept(listener_, nullptr, nullptr);
    ++connections_;
    Serve(connection);
    close(connection);
  }
}

void ScriptedServer::Serve(int connection) {
  std::string bytes;
  while (AwaitBytes(connection, is_over_)) {
    char buffer[4096];
    const ssize_t count = recv(connection, buffer, sizeof buffer, 0);
    if (count <= 0)
      return;
    bytes.append(buffer, static_cast<size_t>(count));
    const size_t size = SizeOfRequest(bytes);
    if (size == std::string::npos)
      continue;
    const Reply reply = handler_(bytes.substr(0, size));
    bytes.erase(0, size);
    send(connection, reply.bytes.data(), reply.bytes.size(), MSG_NOSIGNAL);
    if (reply.closes)
      return;
  }
}

}  // namespace ruyi
