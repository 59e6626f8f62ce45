// Adds the flags of jobs and of the names of videos to each command that takes them. Before it: CommandLine. After it:
// JobOptions and the options of the commands. Functions without state.
#pragma once

#include <map>
#include <string>

#include "client/job_options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ruyi::client {

// Adds to `command` all flags of a job. `options` must outlive the command.
void AddJobFlags(CLI::App* command, JobOptions& options);

// Adds --label KEY=VALUE, which may be given several times.
void AddLabelFlag(CLI::App* command, std::map<std::string, std::string>& labels, const std::string& help);

// Adds --retry-for SECONDS.
void AddRetryFlag(CLI::App* command, double& seconds);

// Adds the argument NAME: "videos/ID", or the bare id, which becomes "videos/ID".
CLI::Option* AddNameArgument(CLI::App* command, std::string& name);

}  // namespace ruyi::client
