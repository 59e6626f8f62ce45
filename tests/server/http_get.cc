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

HttpConnection::HttpConnection(int port) : socket_(Connect(port)) {}

HttpConnection::~HttpConnection() {
  if (socket_ >= 0)
    close(socket_);
}

bool HttpConnection::Send(const std::string& bytes) {
  return send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

std::string HttpConnection::ReadAll() {
  std::string answer;
  std::array<char, 4096> part;
  for (ssize_t size; (size = recv(socket_, part.data(), part.size(), 0)) > 0;)
    answer.append(part.data(), size);
  return answer;
}

std::string HttpSend(int port, const std::string& bytes) {
  HttpConnection connection(port);
  return connection.Send(bytes) ? connection.ReadAll() : "";
}

std::string HttpGet(int port, const std::string& path) {
  return HttpSend(port, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

void Knock(int port) {
  const HttpConnection knock(port);
}

}  // namespace ruyi
