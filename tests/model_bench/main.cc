// ruyi-bench: time and memory of a model's parts on a device; makes the model where there is none, and compares two
// runs. Exit code 0: all was measured. 1: something failed, or took too long. 2: wrong usage.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/request/fp8_names.h"
#include "core/tensor/device.h"
#include "tests/model_bench/bench_mode.h"
#include "tests/model_bench/bench_shape.h"
#include "tests/model_bench/benches.h"
#include "tests/model_bench/comparison.h"
#include "tests/model_bench/make_model.h"

namespace ruyi::bench {
namespace {

constexpr int kWrongUsage = 2;

// nullopt: what suits the device.
const std::map<std::string, std::optional<c10::ScalarType>>& Dtypes() {
  static const auto& types = *new std::map<std::string, std::optional<c10::ScalarType>>{
      {"auto", std::nullopt}, {"float32", c10::kFloat}, {"bfloat16", c10::kBFloat16}};
  return types;
}

// Refuses what is not a number above 0 and at most `most`; CLI::Range takes NaN.
CLI::Validator AboveZeroTo(double most) {
  const auto check = [most](const std::string& text) -> std::string {
    double number = 0;
    if (CLI::detail::lexical_cast(text, number) && number > 0 && number <= most)
      return "";
    return absl::StrFormat("'%s' must be a number above 0 and at most %g", text, most);
  };
  return {check, ""};
}

// Refuses what `parse` does.
template <typename Value>
CLI::Validator Parsed(absl::StatusOr<Value> (*parse)(std::string_view text)) {
  const auto check = [parse](const std::string& text) { return std::string(parse(text).status().message()); };
  return {check, ""};
}

using Bench = absl::Status (*)(const BenchOptions&, Report&);

struct Arguments {
  BenchOptions bench;
  MakeModelOptions make_model;
  ComparisonOptions comparison;
  std::vector<std::string> devices = {"cuda"};
  std::string dtype = "auto";
  std::string fp8 = "none";
  std::string fp8_arithmetic = "widened";
};

absl::Status Measure(Bench bench, Arguments arguments) {
  for (const std::string& name : arguments.devices) {
    RUYI_ASSIGN_OR_RETURN(const c10::Device device, OpenDevice(name));
    arguments.bench.devices.push_back(device);
  }
  const c10::Device first = arguments.bench.devices.front();
  arguments.bench.placement.device = first;
  arguments.bench.fp8 = {.mode = Fp8Modes().at(arguments.fp8),
                         .arithmetic = Fp8Arithmetics().at(arguments.fp8_arithmetic)};
  arguments.bench.placement.dtype = Dtypes().at(arguments.dtype).value_or(FastTypeOf(first));
  RUYI_ASSIGN_OR_RETURN(Report report, Report::Create(arguments.bench));
  return bench(arguments.bench, report);
}

CLI::App* AddUnrepeated(CLI::App& app, const std::string& name, const std::string& what, Arguments& arguments) {
  BenchOptions& options = arguments.bench;
  CLI::App* command = app.add_subcommand(name, what);
  command->add_option("--device", arguments.devices, "cpu, cuda or cuda:N; two: one branch of guidance each")
      ->delimiter(',')
      ->expected(1, 2)
      ->capture_default_str();
  command
      ->add_option("--dtype", arguments.dtype, "Type of the arithmetic; auto: bfloat16 where processor or GPU has it")
      ->check(CLI::IsMember(Dtypes()))
      ->capture_default_str();
  command->add_option("--json", options.json, "Append the results to this file, one object per line");
  return command;
}

CLI::App* AddBench(CLI::App& app, const std::string& name, const std::string& what, Arguments& arguments) {
  CLI::App* command = AddUnrepeated(app, name, what, arguments);
  command->add_option("--repeat", arguments.bench.repeat, "Runs that count")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  return command;
}

void AddModel(CLI::App& command, Arguments& arguments) {
  command.add_option("--model", arguments.bench.model, "Model folder")->required();
  command.add_option("--fp8", arguments.fp8, "Weights in 8 bits (e4m3fn)")
      ->check(CLI::IsMember(Fp8Modes()))
      ->capture_default_str();
  command.add_option("--fp8-arithmetic", arguments.fp8_arithmetic, "Products with weights in 8 bits")
      ->check(CLI::IsMember(Fp8Arithmetics()))
      ->capture_default_str();
}

CLI::App* AddModelBench(CLI::App& app, const std::string& name, const std::string& what, Arguments& arguments) {
  CLI::App* command = AddBench(app, name, what, arguments);
  AddModel(*command, arguments);
  command->add_option("--calibration-file", arguments.bench.calibration_file,
                      "Keep what the cost model is calibrated with");
  return command;
}

void AddSuite(CLI::App& app, Arguments& arguments) {
  CLI::App* command = AddUnrepeated(
      app, "suite", "Steps, autoencoder, kernels and quality in one run, to be compared with another", arguments);
  AddModel(*command, arguments);
  command
      ->add_option("--shape", arguments.bench.suite_shapes,
                   "As for step; default: 24 and 120 frames of 512 and 768 on a GPU, of the demo model on a CPU")
      ->delimiter(',')
      ->check(Parsed(&ParseShape));
}

void AddCompare(CLI::App& app, ComparisonOptions& options) {
  CLI::App* command = app.add_subcommand("compare", "The results of two runs side by side: seconds, memory, ratios");
  command->add_option("before", options.before, "What --json wrote")->required();
  command->add_option("after", options.after, "What it wrote for the run that is compared with it")->required();
  command
      ->add_option(
          "--fail-above", options.fail_above,
          "Exit with 1 where anything takes more than this many times as long as before, or is missing; default: "
          "never")
      ->check(AboveZeroTo(1e6));
}

void AddWarmUp(CLI::App& command, BenchOptions& options) {
  command.add_option("--warm-up", options.warm_up, "Runs before those that count")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
}

void AddShapes(CLI::App& command, BenchOptions& options) {
  command.add_option("--shape", options.shapes, "FRAMES@WIDTHxHEIGHT, or FRAMES@RESOLUTION of a 16:9 picture; a list")
      ->delimiter(',')
      ->check(Parsed(&ParseShape))
      ->capture_default_str();
  command
      .add_option(
          "--mode", options.modes,
          "guided: both branches of guidance; plain: one; +blocks=N and +states=N: what stays on the device; "
          "+turn: branches in turn, of a step only; +slabs: the autoencoder in slabs, of vae and request; +fp8=WORD: "
          "weights in 8 bits, +fp8=WORD+scaled: products too; of quality also +tea=X and +easy=X: thresholds of "
          "TeaCache and EasyCache, +gate=X: share of the guidance gate, +quality=WORD: a profile; a list")
      ->delimiter(',')
      ->check(Parsed(&ParseMode))
      ->capture_default_str();
  AddWarmUp(command, options);
}

void AddKernels(CLI::App& app, Arguments& arguments) {
  CLI::App* command = AddBench(app, "kernels", "The fused kernels and their ATen twins", arguments);
  BenchOptions& options = arguments.bench;
  command->add_option("--tokens", options.tokens, "Tokens of a batch of two; a list")
      ->delimiter(',')
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--heads", options.heads, "Heads")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_option("--head-dim", options.head_dim, "Numbers of a head")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  AddWarmUp(*command, options);
}

void AddSteps(CLI::App& command, BenchOptions& options) {
  command.add_option("--steps", options.steps, "Denoising steps")->check(CLI::Range(1, 1000))->capture_default_str();
}

const std::map<std::string, Camera>& Cameras() {
  static const auto& cameras = *new std::map<std::string, Camera>{{"auto", Camera::kAuto}, {"static", Camera::kStatic},
                                                                  {"left", Camera::kLeft}, {"right", Camera::kRight},
                                                                  {"up", Camera::kUp},     {"down", Camera::kDown}};
  return cameras;
}

void AddQuality(CLI::App& app, Arguments& arguments) {
  CLI::App* command =
      AddModelBench(app, "quality", "How like a video in each mode is to that in the first one", arguments);
  BenchOptions& options = arguments.bench;
  AddShapes(*command, options);
  AddSteps(*command, options);
  command->add_option("--picture", options.picture, "PNG file that the video begins with; default: noise")
      ->check(CLI::ExistingFile);
  command->add_option("--guidance", options.guidance, "Of guided modes")
      ->check(AboveZeroTo(100))
      ->capture_default_str();
  command->add_option("--seed", options.seed, "Of the video's noise")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--camera", options.camera, "Where the camera goes")
      ->transform(CLI::CheckedTransformer(Cameras()));
  command->add_option("--motion", options.motion, "How much moves")->check(CLI::Range(1, 4));
}

const std::map<std::string, Phase>& Phases() {
  static const auto& phases = *new std::map<std::string, Phase>{
      {"conditioning", Phase::kConditioning}, {"denoising", Phase::kDenoising}, {"decoding", Phase::kDecoding}};
  return phases;
}

void AddFault(CLI::App& app, Arguments& arguments) {
  CLI::App* command =
      AddModelBench(app, "fault", "Break the GPU while a video is made, and see that it is noticed", arguments);
  AddShapes(*command, arguments.bench);
  AddSteps(*command, arguments.bench);
  command->add_option("--stage", arguments.bench.fault_phase, "Stage that the GPU breaks in")
      ->transform(CLI::CheckedTransformer(Phases()));
  command
      ->add_option("--lag", arguments.bench.fault_lag,
                   "Products of 3 ms that the GPU does before it breaks, while the host goes on")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
}

void AddRequest(CLI::App& command, BenchOptions& options) {
  AddSteps(command, options);
  command
      .add_option("--vram", options.vram_mib,
                  "MiB of the device that may be used, or a list of them, one after the other; default: what is free")
      ->delimiter(',');
}

void AddMakeModel(CLI::App& app, MakeModelOptions& options) {
  CLI::App* command = app.add_subcommand("make-model", "Write a model folder of random weights");
  command->add_option("--manifest", options.manifests, "Manifest of a part, or the folder with those of all parts")
      ->required();
  command->add_option("--out", options.out, "Where to write it")->required();
  command->add_option("--seed", options.seed, "Of the random numbers")->capture_default_str();
}

absl::Status RunCommand(const CLI::App& app, const Arguments& arguments) {
  const std::map<std::string, Bench> benches = {
      {"suite", &BenchSuite},    {"step", &BenchStep},       {"checkpoint", &BenchCheckpoint},
      {"vae", &BenchVae},        {"load", &BenchLoad},       {"request", &BenchRequest},
      {"plan", &BenchPlan},      {"kernels", &BenchKernels}, {"fault", &BenchFault},
      {"quality", &BenchQuality}};
  const std::string command = app.get_subcommands().front()->get_name();
  if (command == "make-model")
    return MakeModel(arguments.make_model);
  if (command == "compare")
    return CompareRuns(arguments.comparison, std::cout);
  return Measure(benches.at(command), arguments);
}

int Main(int argc, char** argv) {
  CLI::App app("Measures time and memory of a model's parts.", "ruyi-bench");
  Arguments arguments;
  app.require_subcommand(1);
  AddMakeModel(app, arguments.make_model);
  AddSuite(app, arguments);
  AddCompare(app, arguments.comparison);
  AddShapes(*AddModelBench(app, "step", "One denoising step", arguments), arguments.bench);
  AddShapes(*AddModelBench(app, "checkpoint", "A checkpoint and a preview, beside a step", arguments), arguments.bench);
  AddShapes(*AddModelBench(app, "vae", "Encoding and decoding", arguments), arguments.bench);
  CLI::App* request = AddModelBench(app, "request", "Whole requests, planned and made", arguments);
  AddShapes(*request, arguments.bench);
  AddRequest(*request, arguments.bench);
  request->add_option("--ballast", arguments.bench.ballast_mib,
                      "MiB that something else takes once a request is planned");
  CLI::App* plan = AddModelBench(app, "plan", "What budgets give, without making anything", arguments);
  AddShapes(*plan, arguments.bench);
  AddRequest(*plan, arguments.bench);
  AddModelBench(app, "load", "Reading the model", arguments);
  AddKernels(app, arguments);
  AddFault(app, arguments);
  AddQuality(app, arguments);
  const auto parse = [&]() -> int {
    CLI11_PARSE(app, argc, argv);
    return -1;
  };
  if (const int code = parse(); code >= 0)
    return code == 0 ? 0 : kWrongUsage;
  const absl::Status status = GuardExceptions("measuring", [&] { return RunCommand(app, arguments); });
  if (status.ok())
    return 0;
  std::cerr << status.message() << "\n";
  return absl::IsInvalidArgument(status) ? kWrongUsage : 1;
}

}  // namespace
}  // namespace ruyi::bench

int main(int argc, char** argv) {
  return ruyi::bench::Main(argc, argv);
}
