#include "tests/client/client_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

namespace ruyi::client {
namespace {

constexpr std::string_view kDropped[] = {"RUYI_SERVER=", "http_proxy=", "https_proxy=", "grpc_proxy="};

bool IsDropped(std::string_view entry) {
  for (std::string_view name : kDropped) {
    if (entry.starts_with(name))
      return true;
  }
  return false;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

pid_t Spawn(const std::filesystem::path& folder, std::vector<std::string> arguments,
            std::vector<std::string> environment) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string out = folder / "stdout";
  const std::string err = folder / "stderr";
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, RUYI_CLIENT_PROGRAM, &actions, nullptr, Pointers(arguments).data(),
                                Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(error, 0) << RUYI_CLIENT_PROGRAM;
  return pid;
}

}  // namespace

ClientProcess::ClientProcess(std::filesystem::path folder, std::vector<std::string> arguments,
                             std::vector<std::string> environment)
    : folder_(std::move(folder)) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!IsDropped(*entry))
      environment.emplace_back(*entry);
  }
  arguments.insert(arguments.begin(), RUYI_CLIENT_PROGRAM);
  pid_ = Spawn(folder_, std::move(arguments), std::move(environment));
}

ClientResult ClientProcess::Wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  ClientResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  result.out = ReadFile(folder_ / "stdout");
  result.err = ReadFile(folder_ / "stderr");
  return result;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> PartFiles(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().find(".part") != std::string::npos)
      names.push_back(entry.path().filename());
  }
  return names;
}

}  // namespace ruyi::client
