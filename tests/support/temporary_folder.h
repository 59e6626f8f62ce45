// A folder of its own for one test, removed at its end. Not thread-safe.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace ruyi {

class TemporaryFolder {
 public:
  // All that a test makes with one `suffix` are the same folder, which goes with the first of them.
  explicit TemporaryFolder(const std::string& suffix = "")
      : path_(std::filesystem::path(testing::TempDir()) / (TestName() + "." + std::to_string(getpid()) + suffix)) {
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

  // Writes `bytes` as `name` and returns its path.
  std::filesystem::path Write(const std::filesystem::path& name, std::string_view bytes) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }

 private:
  // Names of parameterised tests have slashes.
  static std::string TestName() {
    const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string(test.test_suite_name()) + "." + test.name();
    std::replace(name.begin(), name.end(), '/', '.');
    return name;
  }

  std::filesystem::path path_;
};

}  // namespace ruyi
