#include "server/app/user_folders.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace ruyi {
namespace {

// Changes a variable of the environment while it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name); before != nullptr)
      before_ = before;
    Set(value);
  }
  ~Variable() { Set(before_.has_value() ? before_->c_str() : nullptr); }

 private:
  void Set(const char* value) {
    if (value == nullptr)
      unsetenv(name_);
    else
      setenv(name_, value, 1);
  }

  const char* name_;
  std::optional<std::string> before_;
};

std::string FileWith(const char* cache, const char* home) {
  const Variable cache_variable("XDG_CACHE_HOME", cache);
  const Variable home_variable("HOME", home);
  return DefaultCalibrationFile();
}

TEST(UserFolders, TakeTheCacheOfTheEnvironment) {
  EXPECT_EQ(FileWith("/c", "/h"), "/c/ruyi/calibration.json");
  EXPECT_EQ(FileWith("/c", nullptr), "/c/ruyi/calibration.json");
}

TEST(UserFolders, TakeTheOneOfTheHomeElse) {
  EXPECT_EQ(FileWith(nullptr, "/h"), "/h/.cache/ruyi/calibration.json");
  EXPECT_EQ(FileWith("", "/h"), "/h/.cache/ruyi/calibration.json");
  EXPECT_EQ(FileWith("not/absolute", "/h"), "/h/.cache/ruyi/calibration.json");
}

TEST(UserFolders, TakeNoneWithoutAHome) {
  EXPECT_EQ(FileWith(nullptr, nullptr), "");
  EXPECT_EQ(FileWith("", ""), "");
}

}  // namespace
}  // namespace ruyi
