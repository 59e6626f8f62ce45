// Parses argv into what to do. Before it: main. After it: the command that is named. Prints help and errors. Not
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "client/admin_options.h"
#include "client/connection.h"
#include "client/create_command.h"
#include "client/download_command.h"
#include "client/estimate_options.h"
#include "client/generate_options.h"
#include "client/get_command.h"
#include "client/list_command.h"
#include "client/watch_command.h"

namespace ruyi::client {

struct CommandLine {
  enum class Command {
    kGenerate,
    kCreate,
    kWatch,
    kDownload,
    kList,
    kGet,
    kCancel,
    kDelete,
    kUpload,
    kEstimate,
    kCapabilities,
    kAdmin,
    kCompletion,
  };

  std::string server = "127.0.0.1:50051";  // HOST:PORT
  bool server_given = false;               // by flag or variable
  ConnectionOptions connection;
  Command command = Command::kGenerate;
  GenerateOptions generate;
  CreateOptions create;
  WatchOptions watch;
  DownloadOptions download;
  ListOptions list;
  GetOptions get;
  std::string name;                  // of cancel and delete
  std::vector<std::string> uploads;  // paths
  EstimateOptions estimate;
  bool capabilities_json = false;
  AdminOptions admin;
  std::string shell;  // of completion: a word of ShellNames()
};

struct ParsedCommandLine {
  bool finished = false;  // nothing is left to do: help or a script was printed, or the command line is wrong
  int exit_code = 0;      // when finished
  CommandLine command_line;
};

// Parses the command line, and reads the variables RUYI_SERVER or, for admin, RUYI_ADMIN_SERVER, RUYI_TLS_CA,
// RUYI_TLS_CERT, RUYI_TLS_KEY, RUYI_TLS_SERVER_NAME and RUYI_TOKEN_FILE too. Help goes to stdout, errors to stderr.
ParsedCommandLine ParseCommandLine(int argc, const char* const* argv);

}  // namespace ruyi::client
