// A server on a free port of this machine that takes one connection after the other, and answers each request with
// whatever bytes a test gives it: also none, or half an answer. The test's function is called on the server's thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace ruyi {

class ScriptedServer {
 public:
  // Holds what is sent for a request, head and body, and whether the connection is closed then.
  struct Reply {
    std::string bytes;
    bool closes = false;
  };
  using Handler = std::function<Reply(const std::string& request)>;

  explicit ScriptedServer(Handler handler);
  ~ScriptedServer();

  // Returns "http://127.0.0.1:PORT".
  std::string url() const;

  // Returns how many connections it has taken.
  int connections() const { return connections_; }

  // Returns an answer as HTTP writes it.
  static std::string Ok(const std::string& body);

 private:
  void Run();
  void Serve(int connection);

  const Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace ruyi
