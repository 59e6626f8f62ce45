// argv → what to do. Before it: main. After it: GenerateCommand, EstimateCommand, CapabilitiesCommand. Prints help and
// complaints. Not thread-safe.
#pragma once

#include <string>

#include "client/estimate_options.h"
#include "client/generate_options.h"

namespace ruyi::client {

struct CommandLine {
  enum class Command { kGenerate, kEstimate, kCapabilities };

  std::string server = "127.0.0.1:50051";  // HOST:PORT
  Command command = Command::kGenerate;
  GenerateOptions generate;
  EstimateOptions estimate;
  bool capabilities_json = false;
};

struct ParsedCommandLine {
  bool finished = false;  // nothing is left to do: help was printed, or the command line is wrong
  int exit_code = 0;      // when finished
  CommandLine command_line;
};

// Reads the variable RUYI_SERVER too. Help goes to stdout, complaints to stderr.
ParsedCommandLine ParseCommandLine(int argc, const char* const* argv);

}  // namespace ruyi::client
