#include "client/admin_flags.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <string>

#include "absl/strings/str_format.h"
#include "client/choices.h"
#include "client/flag_values.h"
#include "client/job_flags.h"
#include "client/request_flags.h"

namespace ruyi::client {
namespace {

constexpr char kFree[] = "free";

// The checks return what is wrong, or nothing, as CLI11 wants it.
std::string CheckPatience(const std::string& text) {
  double seconds = 0;
  const bool is_number = CLI::detail::lexical_cast(text, seconds) && std::isfinite(seconds) && seconds >= 0;
  return is_number ? "" : absl::StrFormat("%s is not a number of seconds from 0", text);
}

std::string CheckBudget(const std::string& text) {
  return text == kFree || ParseMib(text).has_value()
             ? ""
             : absl::StrFormat("%s is neither a size of memory, such as 12288 or 12GiB, nor the word free", text);
}

CLI::App* Add(CLI::App* admin, AdminOptions& options, AdminAction action, const std::string& name,
              const std::string& help) {
  CLI::App* added = admin->add_subcommand(name, help);
  added->callback([&options, action] { options.action = action; });
  return added;
}

void AddJson(CLI::App* command, AdminOptions& options, const std::string& message) {
  command->add_flag("--json", options.json, absl::StrFormat("One JSON object (ruyi.v1.%s) on stdout", message));
}

void AddJobs(CLI::App* admin, AdminOptions& options) {
  CLI::App* command = Add(admin, options, AdminAction::kJobs, "jobs", "Show the jobs of all tenants, newest first");
  command->add_option("--state", options.states, "Only jobs in this state. Again for more. Default: all")
      ->type_name("WORD")
      ->check(CLI::IsMember(StateNames()))
      ->allow_extra_args(false);
  AddLabelFlag(command, options.labels, "Only jobs with this label. Again for more, all of which they must have");
  command->add_option("--tenant", options.tenant, "Only this tenant's jobs. Default: all")->type_name("NAME");
  AddIntFlag(command, "--limit", options.limit,
             absl::StrFormat("Jobs to show at most. Default: %d", AdminOptions::kDefaultLimit))
      ->check([](const std::string& text) {
        const auto count = ParseInt<int32_t>(text);
        return count.has_value() && *count > 0 ? "" : absl::StrFormat("%s is not a whole number from 1", text);
      });
  command->add_flag("--json", options.json, "One JSON object (ruyi.v1.AdminJob) for each on stdout");
}

void AddServer(CLI::App* admin, AdminOptions& options) {
  AddJson(Add(admin, options, AdminAction::kStatus, "status", "Show the server, its devices and its queue"), options,
          "ServerStatus");
  AddJobs(admin, options);
  CLI::App* drain = Add(admin, options, AdminAction::kDrain, "drain",
                        "End the server as SIGTERM does: no new jobs, time for those that are made, the rest is saved");
  drain
      ->add_option("--timeout", options.timeout_s,
                   "How many seconds jobs may go on. Default: the server's --drain-timeout. Again to shorten it")
      ->type_name("SECONDS")
      ->check(CheckPatience);
  AddJson(drain, options, "DrainResponse");
  AddJson(Add(admin, options, AdminAction::kPause, "pause", "Let no job that waits begin, also after a restart"),
          options, "QueueStatus");
  AddJson(Add(admin, options, AdminAction::kResume, "resume", "Let jobs begin again"), options, "QueueStatus");
}

void AddVramBudget(CLI::App* admin, AdminOptions& options) {
  CLI::App* command = Add(admin, options, AdminAction::kVramBudget, "vram-budget",
                          "Give devices a budget of memory from their next job on, until a restart");
  const auto set = [&options](const std::string& text) {
    options.budget_mib = text == kFree ? std::nullopt : ParseMib(text);
  };
  command
      ->add_option_function<std::string>("MIB", set, "MiB of each device, or with a unit: 12GiB; or free: what is free")
      ->type_name("")
      ->check(CheckBudget)
      ->required();
  command->add_option("--device", options.device, "Only this device, as status names it. Default: all")
      ->type_name("NAME");
  AddJson(command, options, "SetVramBudgetResponse");
}

void AddJobChanges(CLI::App* admin, AdminOptions& options) {
  CLI::App* priority =
      Add(admin, options, AdminAction::kPriority, "priority", "Give a job that waits another priority");
  AddNameArgument(priority, options.name)->required();
  priority->add_option("PRIORITY", options.priority, "Which jobs go first")
      ->type_name("WORD")
      ->check(CLI::IsMember(PriorityNames()))
      ->required();
  AddJson(priority, options, "AdminJob");
  CLI::App* cancel = Add(admin, options, AdminAction::kCancel, "cancel", "End any tenant's job");
  AddNameArgument(cancel, options.name)->required();
  cancel->add_option("--reason", options.reason, "Why, for the video's owner to read")->type_name("TEXT")->required();
  AddJson(cancel, options, "AdminJob");
}

void AddLoras(CLI::App* admin, AdminOptions& options) {
  CLI::App* load = Add(admin, options, AdminAction::kLoadLora, "load-lora",
                       "Check a LoRA of --lora-dir, and let requests name it again if it was unloaded");
  load->add_option("LORA", options.name, "Its name: that of the file without .safetensors")->type_name("")->required();
  AddJson(load, options, "LoadedLora");
  CLI::App* unload = Add(admin, options, AdminAction::kUnloadLora, "unload-lora",
                         "Let no new request name a LoRA, until load-lora or a restart; accepted videos keep it");
  unload->add_option("LORA", options.name, "Its name: that of the file without .safetensors")
      ->type_name("")
      ->required();
}

}  // namespace

CLI::App* AddAdminCommand(CLI::App& app, AdminOptions& options) {
  CLI::App* admin = app.add_subcommand("admin", "Administer a server, at its --admin-listen");
  admin->require_subcommand(1);
  admin->fallthrough();
  AddServer(admin, options);
  AddVramBudget(admin, options);
  AddJobChanges(admin, options);
  AddLoras(admin, options);
  return admin;
}

}  // namespace ruyi::client
