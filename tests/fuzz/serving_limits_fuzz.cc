// Any text given as a model folder's serving.json.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/request/limits.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

// One folder for the whole run, removed at the end of the program.
class ModelFolder {
 public:
  ModelFolder() : path_(std::filesystem::temp_directory_path() / ("serving_limits_fuzz." + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~ModelFolder() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const ModelFolder folder;
  std::ofstream(folder.path() / "serving.json", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto limits = ruyi::LoadRequestLimits(folder.path());
  if (limits.ok() && limits->steps.min > limits->steps.max) {
    std::abort();  // an empty range must be refused
  }
  return 0;
}
