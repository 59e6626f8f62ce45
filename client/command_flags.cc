#include "client/command_flags.h"

#include <CLI/CLI.hpp>
#include <string>

#include "absl/strings/str_format.h"
#include "client/admin_flags.h"
#include "client/choices.h"
#include "client/completion.h"
#include "client/flag_values.h"
#include "client/job_flags.h"
#include "client/request_flags.h"

namespace ruyi::client {
namespace {

using Command = CommandLine::Command;

constexpr double kMaxTimeoutSeconds = 366.0 * 24 * 3600;

// The checks return what is wrong, or nothing, as CLI11 wants it.
std::string CheckTimeout(const std::string& text) {
  double seconds = 0;
  const bool in_range = CLI::detail::lexical_cast(text, seconds) && seconds > 0 && seconds <= kMaxTimeoutSeconds;
  return in_range ? "" : absl::StrFormat("%s is not a number of seconds above 0, a year at most", text);
}

std::string CheckPng(const std::string& text) {
  return text.ends_with(".png") ? "" : absl::StrFormat("%s does not end in .png", text);
}

std::string CheckCount(const std::string& text) {
  const auto count = ParseInt<int32_t>(text);
  return count.has_value() && *count > 0 ? "" : absl::StrFormat("%s is not a whole number from 1", text);
}

CLI::App* AddCommand(CLI::App& app, CommandLine& line, Command command, const std::string& name,
                     const std::string& help) {
  CLI::App* added = app.add_subcommand(name, help);
  added->callback([&line, command] { line.command = command; });
  return added;
}

void AddJsonFlag(CLI::App* command, bool& json, const std::string& help) {
  command->add_flag("--json", json, help);
}

void AddEventsFlag(CLI::App* command, bool& json) {
  AddJsonFlag(command, json, "On stdout one JSON object for each event (ruyi.v1.VideoEvent)");
}

void AddOut(CLI::App* command, std::string& out) {
  command
      ->add_option("--out", out,
                   "The MP4 file to write; FILE.part until it is whole. An older one is replaced only then")
      ->type_name("FILE")
      ->check(CheckFileName)
      ->required();
}

void AddLeaving(CLI::App* command, GenerateOptions& options) {
  command
      ->add_option("--timeout", options.timeout_s,
                   "Cancel when the video is not here after so many seconds, the queue included. Default: no limit")
      ->type_name("SECONDS")
      ->check(CheckTimeout);
  AddRetryFlag(command, options.retry_for_s);
  command->add_flag(
      "--resume", options.resume,
      "Go on with the video that --out was begun with, also after this program was killed. Flags of the video are not "
      "needed, and others than it was begun with are refused");
  command->add_flag("--detach", options.detach,
                    "Who leaves early (Ctrl-C, --timeout) leaves the video to the server; its name goes to stdout");
}

void AddGenerate(CLI::App& app, CommandLine& line) {
  GenerateOptions& options = line.generate;
  CLI::App* command = AddCommand(app, line, Command::kGenerate, "generate", "Make a video from pictures and save it");
  AddRequestFlags(command, options.request);
  AddJobFlags(command, options.job);
  AddLeaving(command, options);
  AddOut(command, options.out);
  command->add_option("--sheet", options.sheet, "Also write a picture of up to 8 frames of the video")
      ->type_name("FILE.png")
      ->check(CheckFileName)
      ->check(CheckPng);
  AddEventsFlag(command, options.json);
}

void AddCreate(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      AddCommand(app, line, Command::kCreate, "create", "Let the server make a video, and print its name at once");
  AddRequestFlags(command, line.create.request);
  command->get_option("--image")->required();
  AddJobFlags(command, line.create.job);
  AddRetryFlag(command, line.create.retry_for_s);
  command->add_flag("--validate-only", line.create.validate_only,
                    "Make nothing; print the settings and the plan that the video would have");
}

void AddWatch(CLI::App& app, CommandLine& line) {
  CLI::App* command = AddCommand(app, line, Command::kWatch, "watch", "Show what happens to a video, to its end");
  AddNameArgument(command, line.watch.name)->required();
  const auto set = [&line](const std::string& text) { line.watch.after_seq = *ParseInt<int64_t>(text); };
  command->add_option_function<std::string>("--after", set, "Leave out the events up to this `seq`. Default: none")
      ->type_name("SEQ")
      ->check(CheckInt<int64_t>);
  AddRetryFlag(command, line.watch.retry_for_s);
  AddEventsFlag(command, line.watch.json);
}

void AddDownload(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      AddCommand(app, line, Command::kDownload, "download", "Save the film of a video, while it is made or after");
  AddNameArgument(command, line.download.name);
  AddOut(command, line.download.out);
  command->add_flag("--resume", line.download.resume,
                    "Go on with what --out was begun with; NAME may be left out then");
  AddRetryFlag(command, line.download.retry_for_s);
  AddEventsFlag(command, line.download.json);
}

void AddList(CLI::App& app, CommandLine& line) {
  ListOptions& options = line.list;
  CLI::App* command = AddCommand(app, line, Command::kList, "list", "Show the server's videos, newest first");
  command->add_option("--state", options.states, "Only videos in this state. Again for more. Default: all")
      ->type_name("WORD")
      ->check(CLI::IsMember(StateNames()))
      ->allow_extra_args(false);
  AddLabelFlag(command, options.labels, "Only videos with this label. Again for more, all of which they must have");
  AddIntFlag(command, "--limit", options.limit,
             absl::StrFormat("Videos to show at most. Default: %d", ListOptions::kDefaultLimit))
      ->check(CheckCount);
  AddJsonFlag(command, options.json, "One JSON object (ruyi.v1.Video) for each on stdout");
}

void AddOneVideo(CLI::App& app, CommandLine& line) {
  CLI::App* get = AddCommand(app, line, Command::kGet, "get", "Show one video as it is now");
  AddNameArgument(get, line.get.name)->required();
  AddJsonFlag(get, line.get.json, "One JSON object (ruyi.v1.Video) on stdout");
  CLI::App* cancel = AddCommand(app, line, Command::kCancel, "cancel", "End a video that waits or is being made");
  AddNameArgument(cancel, line.name)->required();
  CLI::App* remove = AddCommand(app, line, Command::kDelete, "delete",
                                "Remove a video that has ended, with its film, from the server");
  AddNameArgument(remove, line.name)->required();
}

void AddUpload(CLI::App& app, CommandLine& line) {
  AddCommand(app, line, Command::kUpload, "upload",
             "Keep pictures on the server, and print names that --image and --end-image take")
      ->add_option("FILE", line.uploads, "Pictures: JPEG, PNG or WebP")
      ->type_name("")
      ->check(CheckFileName)
      ->required();
}

void AddEstimate(CLI::App& app, CommandLine& line) {
  CLI::App* command = AddCommand(app, line, Command::kEstimate, "estimate",
                                 "Show what making a video would take, in every memory mode, without making it");
  AddRequestFlags(command, line.estimate.request);
  command->get_option("--image")->required();
  AddMibFlag(command, "--vram", line.estimate.vram_mib,
             "Ask for a device like the server's with so much memory for a video, such as 12GB. Default: the server's "
             "now");
  AddJsonFlag(command, line.estimate.json, "One JSON object (ruyi.v1.EstimateVideoResponse) on stdout");
}

void AddCapabilities(CLI::App& app, CommandLine& line) {
  AddJsonFlag(AddCommand(app, line, Command::kCapabilities, "capabilities",
                         "Show what the server takes: limits, defaults, samplers, LoRAs"),
              line.capabilities_json, "One JSON object (ruyi.v1.Capabilities) on stdout");
}

void AddCompletion(CLI::App& app, CommandLine& line) {
  AddCommand(app, line, Command::kCompletion, "completion",
             "Print the script by which a shell completes this program: source <(ruyi-client completion bash)")
      ->add_option("SHELL", line.shell, "The shell")
      ->type_name("")
      ->required()
      ->check(CLI::IsMember(ShellNames()));
}

// The address of administration is another one, and so is the variable that gives it.
void AddAdmin(CLI::App& app, CommandLine& line) {
  CLI::App* admin = AddAdminCommand(app, line.admin);
  admin->callback([&line] { line.command = Command::kAdmin; });
  admin->preparse_callback([&app, &line](size_t) {
    line.server = AdminOptions::kDefaultServer;
    app.get_option("--server")->envname("RUYI_ADMIN_SERVER");
  });
  admin->footer(absl::StrFormat("--server is here by default %s, also by the variable RUYI_ADMIN_SERVER.",
                                AdminOptions::kDefaultServer));
}

}  // namespace

void AddCommands(CLI::App& app, CommandLine& line) {
  AddGenerate(app, line);
  AddCreate(app, line);
  AddWatch(app, line);
  AddDownload(app, line);
  AddList(app, line);
  AddOneVideo(app, line);
  AddUpload(app, line);
  AddEstimate(app, line);
  AddCapabilities(app, line);
  AddAdmin(app, line);
  AddCompletion(app, line);
}

}  // namespace ruyi::client
