#include "server/app/user_folders.h"

#include <cstdlib>
#include <filesystem>

namespace ruyi {
namespace {

// Returns the folder that the variable names; empty unless it is an absolute path.
std::filesystem::path FolderOf(const char* variable) {
  const char* value = std::getenv(variable);
  const std::filesystem::path folder = value == nullptr ? "" : value;
  return folder.is_absolute() ? folder : std::filesystem::path();
}

// The folder that `variable` names, or `below_home` where it names none.
std::filesystem::path FolderOr(const char* variable, const char* below_home) {
  const std::filesystem::path folder = FolderOf(variable);
  const std::filesystem::path home = FolderOf("HOME");
  return folder.empty() && !home.empty() ? home / below_home : folder;
}

}  // namespace

std::string DefaultCalibrationFile() {
  const std::filesystem::path cache = FolderOr("XDG_CACHE_HOME", ".cache");
  return cache.empty() ? "" : (cache / "ruyi" / "calibration.json").string();
}

std::string DefaultStateFolder() {
  const std::filesystem::path state = FolderOr("XDG_STATE_HOME", ".local/state");
  return state.empty() ? "" : (state / "ruyi").string();
}

}  // namespace ruyi
