// One HTTP request to this machine, as Prometheus or a browser sends it. Functions without state; thread-safe.
#pragma once

#include <string>

namespace ruyi {

// A connection that a test writes to as it likes. Not thread-safe.
class HttpConnection {
 public:
  // Is of no use when nobody listens.
  explicit HttpConnection(int port);
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  ~HttpConnection();

  // Returns false when they cannot be sent.
  bool Send(const std::string& bytes);

  // Returns all that comes until the other side closes. Blocks.
  std::string ReadAll();

 private:
  int socket_ = -1;
};

// Sends bytes and returns the whole answer, headers included; empty when none came. Blocks.
std::string HttpSend(int port, const std::string& bytes);

// Does so with a request of GET.
std::string HttpGet(int port, const std::string& path);

// Connects and goes away. Does not wait for an answer, which a server that ends may never give.
void Knock(int port);

}  // namespace ruyi
