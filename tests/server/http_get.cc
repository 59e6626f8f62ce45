#include "tests/server/http_get.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace ruyi {
namespace {

int Connect(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  close(socket);
  return -1;
}

}  // namespace

void Knock(int port) {
  if (const int socket = Connect(port); socket >= 0)
    close(socket);
}

std::string HttpGet(int port, const std::string& path) {
  const int socket = Connect(port);
  if (socket < 0)
    return "";
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  std::string answer;
  if (send(socket, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    std::array<char, 4096> part;
    for (ssize_t size; (size = recv(socket, part.data(), part.size(), 0)) > 0;)
      answer.append(part.data(), size);
  }
  close(socket);
  return answer;
}

}  // namespace ruyi
