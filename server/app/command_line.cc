#include "server/app/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "core/request/fp8_names.h"
#include "core/s3/s3_location.h"
#include "server/app/access_flags.h"
#include "server/app/contradiction.h"
#include "server/app/device_names.h"
#include "server/app/flag_range.h"
#include "server/app/network_flags.h"
#include "server/app/trace_flags.h"
#include "server/app/user_folders.h"
#include "server/app/version.h"

namespace ruyi {
namespace {

constexpr int kUsageError = 2;
constexpr char kNoFile[] = "none";

const std::map<std::string, ComputeType>& ComputeTypes() {
  static const auto& types = *new std::map<std::string, ComputeType>{
      {"auto", ComputeType::kAuto}, {"float32", ComputeType::kFloat32}, {"bfloat16", ComputeType::kBfloat16}};
  return types;
}

// Values that CLI11 reads as numbers or names and that the options hold as other types.
struct RawValues {
  double drain_timeout_s = 0;
  std::string devices = "cpu";
};

const std::map<std::string, Parallel>& Parallels() {
  static const auto& ways = *new std::map<std::string, Parallel>{{"none", Parallel::kNone}, {"cfg", Parallel::kCfg}};
  return ways;
}

// A flag that takes a name of `choices`; CLI11's own transformer would take the enum's numbers too.
template <typename Enum>
CLI::Option* AddChoice(CLI::App& app, const std::string& flag, Enum& value, const std::map<std::string, Enum>& choices,
                       const std::string& help) {
  const auto set = [&value, &choices](const std::string& name) { value = choices.at(name); };
  return app.add_option_function<std::string>(flag, set, help)->check(CLI::IsMember(&choices).description(""));
}

// Checks only the form of the names: whether there are such GPUs is found out when the model is loaded.
CLI::Validator AreDevices() {
  return CLI::Validator(
      [](std::string& text) {
        return ParseDevices(text).has_value() ? "" : "expected cpu, cuda, or cuda:N[,N...] with each number once";
      },
      "");
}

void AddDeviceFlags(CLI::App& app, ServerOptions& options, RawValues& raw) {
  constexpr int kMostMib = 1 << 24;
  app.add_option("--device", raw.devices,
                 "Where to compute: the CPU, or NVIDIA GPUs by their numbers, which should be alike; each makes videos")
      ->envname("RUYI_DEVICE")
      ->check(AreDevices())
      ->type_name("cpu|cuda:N[,N...]")
      ->capture_default_str();
  AddChoice(app, "--parallel", options.parallel, Parallels(),
            "cfg: each two of the GPUs make one video together, one branch of classifier-free guidance each")
      ->envname("RUYI_PARALLEL")
      ->type_name("none|cfg")
      ->default_str("none");
  app.add_option("--vram-budget", options.vram_budget_mib,
                 "Memory of each device for weights and work; default: what is free when a request comes")
      ->envname("RUYI_VRAM_BUDGET")
      ->check(WholeNumber(1, kMostMib, "MiB"))
      ->type_name("MIB");
  options.calibration_file = DefaultCalibrationFile();
  app.add_option(
         "--calibration-file", options.calibration_file,
         "Keeps what is measured of a device, so that later starts are faster; none: it is measured at each start. "
         "Default: ruyi/calibration.json in the user's cache folder")
      ->envname("RUYI_CALIBRATION_FILE")
      ->type_name("FILE");
}

void AddModelFlags(CLI::App& app, ServerOptions& options) {
  app.add_option("--model", options.model, "Model folder in the layout of Ruyi-Mini-7B")
      ->envname("RUYI_MODEL")
      ->required()
      ->type_name("FOLDER");
  app.add_option("--threads", options.threads, "Threads of computation; 0: one per core")
      ->envname("RUYI_THREADS")
      ->check(WholeNumber(0, 1024, "threads"))
      ->type_name("N")
      ->capture_default_str();
  AddChoice(app, "--dtype", options.dtype, ComputeTypes(),
            "Type of computation; auto: bfloat16 where processor or GPU has it")
      ->envname("RUYI_DTYPE")
      ->type_name("auto|float32|bfloat16")
      ->default_str("auto");
  app.add_option("--lora-dir", options.lora_dir, "Folder of LoRAs (.safetensors) that requests may name")
      ->envname("RUYI_LORA_DIR")
      ->check(CLI::ExistingDirectory.description(""))
      ->type_name("FOLDER");
}

void AddFp8Flags(CLI::App& app, ServerOptions& options) {
  CLI::Option* mode = AddChoice(app, "--fp8", options.fp8.mode, Fp8Modes(),
                                "Load weights of the transformer in 8 bits: half the memory for them")
                          ->envname("RUYI_FP8")
                          ->type_name("none|lite|strong|extreme")
                          ->default_str("none");
  AddChoice(app, "--fp8-type", options.fp8.type, Fp8Types(),
            "Kind of 8 bits, with --fp8: e4m3fn is finer, e5m2 of larger range")
      ->envname("RUYI_FP8_TYPE")
      ->type_name("e4m3fn|e5m2")
      ->default_str("e4m3fn")
      ->needs(mode);
  AddChoice(
      app, "--fp8-arithmetic", options.fp8.arithmetic, Fp8Arithmetics(),
      "Products with weights in 8 bits, with --fp8: of widened weights, or in 8 bits with scales, which is faster "
      "on a GPU; scaled needs e4m3fn")
      ->envname("RUYI_FP8_ARITHMETIC")
      ->type_name("widened|scaled")
      ->default_str("widened")
      ->needs(mode);
}

void AddLimitFlags(CLI::App& app, ServerOptions& options, RawValues& raw) {
  constexpr int64_t kMaxImageBytes = int64_t{64} << 20;
  constexpr int64_t kMaxImagePixels = 200'000'000;
  constexpr int kMostLoras = 16;
  app.add_option("--queue-capacity", options.queue_capacity, "Jobs that may wait; more are refused")
      ->envname("RUYI_QUEUE_CAPACITY")
      ->check(WholeNumber(1, 1'000'000, "jobs"))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--max-image-bytes", options.image.max_bytes, "Encoded size of one picture")
      ->envname("RUYI_MAX_IMAGE_BYTES")
      ->check(WholeNumber(1, kMaxImageBytes, "bytes"))
      ->type_name("BYTES")
      ->capture_default_str();
  app.add_option("--max-image-pixels", options.image.max_pixels, "Width times height of one picture")
      ->envname("RUYI_MAX_IMAGE_PIXELS")
      ->check(WholeNumber(1, kMaxImagePixels, "pixels"))
      ->type_name("PIXELS")
      ->capture_default_str();
  app.add_option("--max-loras", options.max_loras, "LoRAs that one request may name")
      ->envname("RUYI_MAX_LORAS")
      ->check(WholeNumber(0, kMostLoras, "LoRAs"))
      ->type_name("N")
      ->capture_default_str();
  raw.drain_timeout_s = absl::ToDoubleSeconds(options.drain_timeout);
  app.add_option("--drain-timeout", raw.drain_timeout_s,
                 "How long SIGTERM lets jobs go on before they are handed back, to go on after the next start")
      ->envname("RUYI_DRAIN_TIMEOUT")
      ->check(SecondsUpTo(86'400))
      ->type_name("SECONDS")
      ->capture_default_str();
}

// A flag of seconds that an option holds as a duration.
CLI::Option* AddSeconds(CLI::App& app, const std::string& flag, absl::Duration& value, const std::string& help) {
  constexpr int64_t kMostSeconds = int64_t{10} * 365 * 86'400;
  const auto set = [&value](double seconds) { value = absl::Seconds(seconds); };
  return app.add_option_function<double>(flag, set, help)
      ->check(SecondsUpTo(kMostSeconds))
      ->type_name("SECONDS")
      ->default_str(absl::StrFormat("%g", absl::ToDoubleSeconds(value)));
}

// Says nothing of the value, which may have a password.
CLI::Validator IsStore() {
  return CLI::Validator(
      [](std::string& text) {
        return text == "sqlite" || IsSharedStore(text) ? ""
                                                       : "expected sqlite, or postgresql://USER@HOST[:PORT]/DATABASE";
      },
      "");
}

void AddStateFlags(CLI::App& app, ServerOptions& options) {
  constexpr int64_t kMostMib = int64_t{1} << 40;
  app.add_option(
         "--store", options.store,
         "Keeps the records of jobs: sqlite, in the state folder, or a PostgreSQL database that several servers "
         "share, each with the same --artifacts")
      ->envname("RUYI_STORE")
      ->check(IsStore())
      ->type_name("sqlite|postgresql://...")
      ->capture_default_str();
  options.state_dir = DefaultStateFolder();
  app.add_option("--state-dir", options.state_dir,
                 "Keeps jobs and their bytes over restarts; one server at a time. Default: ruyi in the user's state "
                 "folder")
      ->envname("RUYI_STATE_DIR")
      ->type_name("FOLDER");
  AddSeconds(app, "--result-ttl", options.result_ttl, "How long the bytes of a video are kept after its end")
      ->envname("RUYI_RESULT_TTL");
  AddSeconds(app, "--record-ttl", options.record_ttl, "How long the record of a job is kept after its end")
      ->envname("RUYI_RECORD_TTL");
  AddSeconds(app, "--input-ttl", options.input_ttl,
             "How long pictures are kept after they came last; longer while a job that has not ended needs them")
      ->envname("RUYI_INPUT_TTL");
  app.add_option("--disk-budget", options.disk_budget_mib,
                 "Room on the disk for pictures, checkpoints and videos together; default: what the disk has")
      ->envname("RUYI_DISK_BUDGET")
      ->check(WholeNumber(1, kMostMib, "MiB"))
      ->type_name("MIB");
  AddSeconds(app, "--checkpoint-seconds", options.checkpoint_interval,
             "How often a job that is being made is saved, so that a restart does not begin it anew")
      ->envname("RUYI_CHECKPOINT_SECONDS");
}

// Checks only the form of a URL: whether there is such a bucket is found out when it is opened.
CLI::Validator AreArtifacts() {
  return CLI::Validator(
      [](std::string& text) {
        return IsS3Url(text) ? std::string(ParseS3Url(text, ProcessEnvironment()).status().message()) : "";
      },
      "");
}

void AddArtifactFlags(CLI::App& app, ServerOptions& options) {
  app.add_option("--artifacts", options.artifacts,
                 "Keeps pictures, checkpoints and videos in this folder, which servers of one store of jobs may share, "
                 "or in a bucket: s3://BUCKET[/PREFIX][?endpoint=URL][&region=NAME]. Default: a folder in --state-dir")
      ->envname("RUYI_ARTIFACTS")
      ->check(AreArtifacts())
      ->type_name("FOLDER|URL");
}

void AddLogFlags(CLI::App& app, ServerOptions& options) {
  app.add_option("--log-level", options.log_level, "Least important level that is logged")
      ->envname("RUYI_LOG_LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}).description(""))
      ->type_name("debug|info|warning|error")
      ->capture_default_str();
}

constexpr char kFooter[] =
    "Each flag can be set by the environment variable beside it, or in the file named by --config, one\n"
    "flag=value per line. Flags come first, then the environment, then the file.\n"
    "`ruyi-server token --help` says how tokens for --tokens are made.\n"
    "\n"
    "SIGHUP: the files of certificates, tokens and keys are read again, as they are when they change.\n"
    "\n"
    "SIGTERM or SIGINT: the server takes no more jobs, lets those that are being made go on for --drain-timeout, "
    "saves\n"
    "what is left for the next start, and ends with code 0. After a second one it does not wait for --drain-timeout.\n"
    "\n"
    "Exit codes: 0 stopped by a signal, 1 could not start or load the model, 2 wrong command line, 3 a device broke\n"
    "or the model's files changed, and the server must be started anew, by its supervisor.";

// Returns the number of the line of the file `path` that sets `name`, from 1; 0 when none does.
int LineOf(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  int number = 1;
  for (std::string line; std::getline(file, line); ++number) {
    if (absl::StripAsciiWhitespace(line.substr(0, line.find_first_of("=#"))) == name)
      return number;
  }
  return 0;
}

// Returns what is wrong with the file that --config names, or with the rest of the command line.
std::string WhatIsWrong(const CLI::App& app, const CLI::Error& error) {
  const std::string what = error.what();
  const std::vector<std::string> files = app.get_option("--config")->results();
  if (files.empty())
    return what;
  const std::string& path = files.front();
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::FileError))
    return absl::StrFormat("--config: %s is no file that can be read", path);
  if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::ConfigError))
    return what;
  const std::string name(absl::StripPrefix(what, "INI was not able to parse "));
  const int line = LineOf(path, name);
  return absl::StrFormat("%s%s '%s' is no flag; write flag=value, without the dashes", path,
                         line == 0 ? ":" : absl::StrFormat(":%d:", line), name);
}

// Returns true when `argument` is "--name" or "--name=value" of `option`.
bool IsOf(const CLI::Option& option, const std::string& argument) {
  const std::string flag = argument.substr(0, argument.find('='));
  return flag.rfind("--", 0) == 0 && option.check_lname(flag.substr(2));
}

// The command line with a flag for each variable of the environment whose flag is not given. Left to itself, CLI11 lets
// the file win over the environment and does not look for RUYI_CONFIG.
std::vector<std::string> WithEnvironment(const CLI::App& app, const std::vector<std::string>& given) {
  std::vector<std::string> arguments = given;
  for (const CLI::Option* option : app.get_options()) {
    const char* value = std::getenv(option->get_envname().c_str());
    const auto is_of_option = [&](const std::string& argument) { return IsOf(*option, argument); };
    if (value != nullptr && *value != '\0' && std::none_of(given.begin(), given.end(), is_of_option))
      arguments.push_back(option->get_name() + "=" + value);
  }
  return arguments;
}

void Settle(const RawValues& raw, ServerOptions& options) {
  options.drain_timeout = absl::Seconds(raw.drain_timeout_s);
  options.devices = *ParseDevices(raw.devices);
  if (options.calibration_file == kNoFile)
    options.calibration_file.clear();
}

}  // namespace

CommandLine ParseCommandLine(int argc, char** argv) {
  CommandLine result;
  ServerOptions options;
  RawValues raw;
  CLI::App app("Serves an image-to-video model over gRPC (ruyi.v1.VideoService).", "ruyi-server");
  app.set_version_flag("--version", kVersion);
  app.set_config("--config", "", "Read flags from this file")->envname("RUYI_CONFIG")->type_name("FILE");
  app.get_config_formatter_base()->arrayDelimiter('\0');  // a comma is part of the value
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.footer(kFooter);
  app.failure_message([](const CLI::App* given, const CLI::Error& error) {
    return absl::StrFormat("%s\nRun with --help for more information.\n", WhatIsWrong(*given, error));
  });
  AddModelFlags(app, options);
  AddDeviceFlags(app, options, raw);
  AddFp8Flags(app, options);
  AddNetworkFlags(app, options);
  AddAccessFlags(app, options.access);
  AddLimitFlags(app, options, raw);
  AddStateFlags(app, options);
  AddArtifactFlags(app, options);
  AddLogFlags(app, options);
  AddTraceFlags(app, options);
  const std::vector<std::string> arguments = WithEnvironment(app, {argv, argv + argc});
  std::vector<const char*> pointers;
  for (const std::string& argument : arguments)
    pointers.push_back(argument.c_str());
  const auto parse = [&]() -> int {
    CLI11_PARSE(app, static_cast<int>(pointers.size()), pointers.data());
    Settle(raw, options);
    if (const std::string wrong = ContradictionIn(options); !wrong.empty()) {
      std::cerr << wrong << '\n';
      return kUsageError;
    }
    result.options = options;
    return 0;
  };
  result.exit_code = parse() == 0 ? 0 : kUsageError;
  return result;
}

}  // namespace ruyi
