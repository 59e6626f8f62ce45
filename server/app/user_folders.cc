#include "server/app/user_folders.h"

#include <cstdlib>
#include <filesystem>

namespace ruyi {
namespace {

// Empty unless it is an absolute path.
std::filesystem::path FolderOf(const char* variable) {
  const char* value = std::getenv(variable);
  const std::filesystem::path folder = value == nullptr ? "" : value;
  return folder.is_absolute() ? folder : std::filesystem::path();
}

std::filesystem::path CacheFolder() {
  const std::filesystem::path cache = FolderOf("XDG_CACHE_HOME");
  const std::filesystem::path home = FolderOf("HOME");
  return cache.empty() && !home.empty() ? home / ".cache" : cache;
}

}  // namespace

std::string DefaultCalibrationFile() {
  const std::filesystem::path cache = CacheFolder();
  return cache.empty() ? "" : (cache / "ruyi" / "calibration.json").string();
}

}  // namespace ruyi
