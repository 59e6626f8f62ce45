#include "client/command_line.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/command_flags.h"
#include "client/completion.h"
#include "client/exit_code.h"
#include "client/flag_values.h"
#include "client/request_flags.h"

namespace ruyi::client {
namespace {

using Command = CommandLine::Command;

constexpr int kNothingWrong = -1;

// Returns what is wrong, or nothing, as CLI11 wants it.
std::string CheckAddress(const std::string& text) {
  if (IsAddress(text))
    return "";
  const char* const wrong = absl::StrContains(text, "://") ? "is a URL; use" : "is not";
  return absl::StrFormat("%s %s HOST:PORT, such as 127.0.0.1:50051", text, wrong);
}

// Returns "generate, create and watch", for example.
std::string CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  const std::string last = names.back();
  names.pop_back();
  return absl::StrCat(absl::StrJoin(names, ", "), " and ", last);
}

// Returns what is wrong with a command line that CLI11 refuses. Words that nobody knows come first: CLI11 would rather
// tell what is missing.
std::string WhatIsWrong(const CLI::App& app, const CLI::Error& error) {
  const bool is_missing = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
  const bool is_unknown = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  if (is_missing && app.get_subcommands().empty()) {
    const std::string what = unknown.empty() ? std::string("no command is given")
                                             : absl::StrFormat("there is no command or flag '%s'", unknown.front());
    return absl::StrFormat("%s; the commands are %s", what, CommandNames(app));
  }
  if (!unknown.empty() && (is_missing || is_unknown))
    return absl::StrCat("the command line has what is not expected: ", absl::StrJoin(unknown, " "));
  return error.what();
}

// Returns the text for a wrong command line: `complaint`, and whose help tells more.
std::string UsageError(const CLI::App& app, const std::string& complaint) {
  std::string command = "ruyi-client";
  for (const CLI::App* given = &app; !given->get_subcommands().empty();) {
    given = given->get_subcommands().front();
    absl::StrAppend(&command, " ", given->get_name());
  }
  return absl::StrFormat("error: %s\n  see %s --help\n", complaint, command);
}

void AddConnectionFlags(CLI::App& app, ConnectionOptions& options) {
  const auto add = [&app](const std::string& flag, const std::string& variable, std::string& path,
                          const std::string& help) {
    app.add_option(flag, path, help)->envname(variable)->type_name("FILE")->check(CheckFileName);
  };
  add("--tls-ca", "RUYI_TLS_CA", options.tls_ca,
      "Speak TLS, and trust servers whose certificate one of these has signed");
  add("--tls-cert", "RUYI_TLS_CERT", options.tls_cert, "The certificate that is shown to the server, with --tls-key");
  add("--tls-key", "RUYI_TLS_KEY", options.tls_key, "The private key of --tls-cert");
  app.add_option("--tls-server-name", options.tls_server_name,
                 "The name that the server's certificate must have. Default: the host of --server")
      ->envname("RUYI_TLS_SERVER_NAME")
      ->type_name("NAME");
  add("--token-file", "RUYI_TOKEN_FILE", options.token_file,
      "The token of this caller. The variable RUYI_TOKEN may hold the token itself");
}

void Describe(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", "ruyi-client " RUYI_CLIENT_VERSION);
  app.footer(
      "--server HOST:PORT may also stand after the command.\n"
      "Ranges and defaults are the server's: see `ruyi-client capabilities`.\n\n" +
      ExitCodeHelp());
  app.failure_message(
      [](const CLI::App* given, const CLI::Error& error) { return UsageError(*given, WhatIsWrong(*given, error)); });
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--server", line.server, "Where ruyi-server listens")
      ->type_name("HOST:PORT")
      ->envname("RUYI_SERVER")
      ->check(CheckAddress)
      ->capture_default_str();
  AddConnectionFlags(app, line.connection);
  AddCommands(app, line);
}

// Parses the arguments. Returns kNothingWrong, or the code that CLI11 would exit with.
int Parse(CLI::App& app, int argc, const char* const* argv) {
  CLI11_PARSE(app, argc, argv);
  return kNothingWrong;
}

// Returns what is wrong and CLI11 does not see; empty when nothing is wrong.
// Returns the picture of the request that `path` names too, or "".
std::string PictureAt(const std::string& path, const RequestOptions& request) {
  for (const std::vector<std::string>* pictures : {&request.images, &request.end_images}) {
    for (const std::string& picture : *pictures) {
      std::error_code none;  // one of the two is not there
      if (!path.empty() && (picture == path || std::filesystem::equivalent(picture, path, none)))
        return picture;
    }
  }
  return "";
}

std::string Complaint(const CommandLine& line) {
  const GenerateOptions& generate = line.generate;
  for (const auto& [flag, path] : {std::pair("--out", generate.out), std::pair("--sheet", generate.sheet)}) {
    if (const std::string picture = PictureAt(path, generate.request); !picture.empty())
      return absl::StrFormat("%s would overwrite the picture %s; name another file", flag, picture);
  }
  if (!generate.sheet.empty() && generate.sheet == generate.out)
    return "--out and --sheet name the same file";
  if (line.command == Command::kGenerate && generate.request.images.empty() && !generate.resume)
    return "--image is required, or --resume";
  if (line.command == Command::kDownload && line.download.name.empty() && !line.download.resume)
    return "NAME is required, or --resume";
  return "";
}

void Finish(ExitCode code, ParsedCommandLine& parsed) {
  parsed.finished = true;
  parsed.exit_code = static_cast<int>(code);
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, const char* const* argv) {
  ParsedCommandLine parsed;
  CommandLine& line = parsed.command_line;
  CLI::App app("Makes videos from pictures with a ruyi-server.", "ruyi-client");
  Describe(app, line);
  const int result = Parse(app, argc, argv);
  if (result != kNothingWrong) {
    Finish(result > 0 ? ExitCode::kUsage : ExitCode::kDone, parsed);
    return parsed;
  }
  line.server_given = app.get_option("--server")->count() > 0;
  if (const std::string complaint = Complaint(line); !complaint.empty()) {
    std::cerr << UsageError(app, complaint);
    Finish(ExitCode::kUsage, parsed);
  } else if (line.command == Command::kCompletion) {
    std::cout << CompletionScript(app, line.shell) << std::flush;
    Finish(ExitCode::kDone, parsed);
  }
  return parsed;
}

}  // namespace ruyi::client
