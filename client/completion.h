// Writes the script by which a shell completes commands, flags and words. Before it: the flags as AddCommands describes
// them, so that it knows them all. After it: stdout. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace ruyi::client {

// Returns the shells that there are scripts for: "bash", "zsh".
std::vector<std::string> ShellNames();

// Returns the script for one of these shells. zsh reads the script of bash through its own bashcompinit.
std::string CompletionScript(const CLI::App& app, std::string_view shell);

}  // namespace ruyi::client
