#include "tests/server/app/logged.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_split.h"
#include "server/app/log.h"
#include "tests/server/patience.h"

namespace ruyi {

std::vector<nlohmann::json> Logged(std::string_view level, const std::function<void()>& write) {
  EXPECT_TRUE(FlushLog(kPatience));
  testing::internal::CaptureStderr();
  SetLogLevel(level);
  write();
  EXPECT_TRUE(FlushLog(kPatience));
  std::vector<nlohmann::json> lines;
  const std::string text = testing::internal::GetCapturedStderr();
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    lines.push_back(nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false));
    EXPECT_TRUE(lines.back().is_object()) << line;
  }
  SetLogLevel("error");
  return lines;
}

}  // namespace ruyi
