// The built ruyi-client as a process, with its output in files. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace ruyi::client {

struct ClientResult {
  int exit_code = 0;  // minus the signal when one ended it
  std::string out;
  std::string err;
};

class ClientProcess {
 public:
  // Starts it with `arguments`; its output goes into `folder`. `environment` adds "NAME=value" to that of the test,
  // from which RUYI_SERVER and the proxies are taken.
  ClientProcess(std::filesystem::path folder, std::vector<std::string> arguments,
                std::vector<std::string> environment = {});

  pid_t pid() const { return pid_; }

  // Blocks until it has ended. Once.
  ClientResult Wait();

 private:
  std::filesystem::path folder_;
  pid_t pid_ = 0;
};

// The bytes of a file.
std::string ReadFile(const std::filesystem::path& path);

// The names in a folder that are left of an unfinished file.
std::vector<std::string> PartFiles(const std::filesystem::path& folder);

}  // namespace ruyi::client
