#include "client/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/str_format.h"
#include "client/exit_code.h"
#include "client/flag_values.h"
#include "client/request_flags.h"

namespace ruyi::client {
namespace {

constexpr double kMaxTimeoutSeconds = 366.0 * 24 * 3600;
constexpr int kNothingWrong = -1;

// The checks return what is wrong, or nothing, as CLI11 wants it.
std::string CheckAddress(const std::string& text) {
  return IsAddress(text) ? "" : absl::StrFormat("%s is not HOST:PORT, such as 127.0.0.1:50051", text);
}

std::string CheckTimeout(const std::string& text) {
  double seconds = 0;
  const bool in_range = CLI::detail::lexical_cast(text, seconds) && seconds > 0 && seconds <= kMaxTimeoutSeconds;
  return in_range ? "" : absl::StrFormat("%s is not a number of seconds above 0, a year at most", text);
}

std::string CheckPng(const std::string& text) {
  return text.ends_with(".png") ? "" : absl::StrFormat("%s does not end in .png", text);
}

void AddOutput(CLI::App* command, GenerateOptions& options) {
  command
      ->add_option("--timeout", options.timeout_s,
                   "Cancel when the video is not here after so many seconds, the queue included. Default: no limit")
      ->type_name("SECONDS")
      ->check(CheckTimeout);
  command->add_option("--out", options.out, "The MP4 file to write. An older one is replaced once the new one is whole")
      ->type_name("FILE")
      ->required();
  command->add_option("--sheet", options.sheet, "Also write a picture of up to 8 frames of the video")
      ->type_name("FILE.png")
      ->check(CheckPng);
  command->add_flag("--json", options.json,
                    "On stdout one JSON object for each event (ruyi.v1.VideoEvent, without the bytes of the file)");
}

void AddGenerate(CLI::App& app, GenerateOptions& options) {
  CLI::App* command = app.add_subcommand("generate", "Make a video from pictures and save it");
  AddRequestFlags(command, options.request);
  AddOutput(command, options);
}

void AddEstimate(CLI::App& app, EstimateOptions& options) {
  CLI::App* command =
      app.add_subcommand("estimate", "Show what making a video would take, in every memory mode, without making it");
  AddRequestFlags(command, options.request);
  AddMibFlag(command, "--vram", options.vram_mib,
             "Ask for a device like the server's with so much memory for a video, such as 12GB. Default: the server's "
             "now");
  command->add_flag("--json", options.json, "One JSON object (ruyi.v1.EstimateVideoResponse) on stdout");
}

void AddCapabilities(CLI::App& app, CommandLine& line) {
  app.add_subcommand("capabilities", "Show what the server takes: limits, defaults, samplers, LoRAs")
      ->add_flag("--json", line.capabilities_json, "One JSON object (ruyi.v1.Capabilities) on stdout");
}

void Describe(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", "ruyi-client " RUYI_CLIENT_VERSION);
  app.footer(
      "--server HOST:PORT may also stand after the command.\n"
      "Ranges and defaults are the server's: see `ruyi-client capabilities`.\n\n" +
      ExitCodeHelp());
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return absl::StrFormat("error: %s\n  see ruyi-client --help, ruyi-client generate --help\n",
                           std::string(error.what()));
  });
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--server", line.server, "Where ruyi-server listens")
      ->type_name("HOST:PORT")
      ->envname("RUYI_SERVER")
      ->check(CheckAddress)
      ->capture_default_str();
  AddGenerate(app, line.generate);
  AddEstimate(app, line.estimate);
  AddCapabilities(app, line);
}

// kNothingWrong, or what CLI11 would exit with.
int Parse(CLI::App& app, int argc, const char* const* argv) {
  CLI11_PARSE(app, argc, argv);
  return kNothingWrong;
}

bool OverwritesItself(const GenerateOptions& options) {
  return !options.sheet.empty() && options.sheet == options.out;
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, const char* const* argv) {
  ParsedCommandLine parsed;
  CLI::App app("Makes videos from pictures with a ruyi-server.", "ruyi-client");
  Describe(app, parsed.command_line);
  const int result = Parse(app, argc, argv);
  parsed.finished = result != kNothingWrong;
  parsed.exit_code = result > 0 ? static_cast<int>(ExitCode::kUsage) : 0;
  if (app.got_subcommand("capabilities"))
    parsed.command_line.command = CommandLine::Command::kCapabilities;
  if (app.got_subcommand("estimate"))
    parsed.command_line.command = CommandLine::Command::kEstimate;
  if (!parsed.finished && OverwritesItself(parsed.command_line.generate)) {
    std::cerr << "error: --out and --sheet name the same file\n";
    parsed.finished = true;
    parsed.exit_code = static_cast<int>(ExitCode::kUsage);
  }
  return parsed;
}

}  // namespace ruyi::client
