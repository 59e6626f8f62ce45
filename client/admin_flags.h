// Adds `admin` and its commands to the command line. Before it: CommandLine. After it: AdminOptions. A function without
// state.
#pragma once

#include "client/admin_options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace ruyi::client {

// Adds `admin` to `app`, and returns it. `options` must outlive both.
CLI::App* AddAdminCommand(CLI::App& app, AdminOptions& options);

}  // namespace ruyi::client
