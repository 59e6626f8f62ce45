// ruyi-golden: compares every stage of the model with what the Python reference computed. Exit code 0: all that ran
// passed. 1: one failed, or none ran. 2: wrong usage.
#include <c10/core/InferenceMode.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <string>

#include "core/base/exception_guard.h"
#include "core/tensor/device.h"
#include "tests/golden/run_golden.h"

namespace {

constexpr int kWrongUsage = 2;

const std::map<std::string, c10::ScalarType> kDtypes = {
    {"float32", c10::kFloat}, {"bfloat16", c10::kBFloat16}, {"float16", c10::kHalf}};

struct Arguments {
  bool help = false;
  std::string folder;
  std::string filter;
  std::string device = "cpu";
  std::string dtype = "float32";
};

void Describe(CLI::App& app, Arguments& arguments) {
  app.set_help_flag();
  app.add_flag("-h,--help", arguments.help, "Print this text and exit");
  app.add_option("--dir", arguments.folder, "Folder with cases.json (needed)");
  app.add_option("--filter", arguments.filter, "Run only cases whose name this regular expression is found in");
  app.add_option("--device", arguments.device, "Where to compute: cpu, cuda or cuda:N")->capture_default_str();
  app.add_option("--dtype", arguments.dtype, "Type of the arithmetic")
      ->check(CLI::IsMember(kDtypes))
      ->capture_default_str();
}

int WrongUsage(std::string_view message) {
  std::cerr << message << "\nTry ruyi-golden --help.\n";
  return kWrongUsage;
}

int Failed(const absl::Status& status) {
  const std::string message(status.message());
  if (absl::IsInvalidArgument(status))
    return WrongUsage(message);
  std::cerr << message << "\n";
  return 1;
}

int Run(const Arguments& arguments) {
  const c10::InferenceMode no_gradients;
  const absl::StatusOr<c10::Device> device = ruyi::OpenDevice(arguments.device);
  if (!device.ok())
    return Failed(device.status());
  const ruyi::golden::RunOptions options = {.folder = arguments.folder,
                                            .filter = arguments.filter,
                                            .placement = {.device = *device, .dtype = kDtypes.at(arguments.dtype)}};
  const absl::StatusOr<ruyi::golden::RunTotals> totals = ruyi::golden::RunGolden(options, std::cout);
  return totals.ok() ? totals->exit_code() : Failed(totals.status());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compares every stage of the model with golden tensors of the Python reference.", "ruyi-golden");
  Arguments arguments;
  Describe(app, arguments);
  const absl::Status parsed = ruyi::GuardExceptions("reading the options", [&] { app.parse(argc, argv); });
  if (!parsed.ok())
    return WrongUsage(std::string(parsed.message()));
  if (arguments.help) {
    std::cout << app.help();
    return 0;
  }
  return arguments.folder.empty() ? WrongUsage("--dir is needed") : Run(arguments);
}
