#include "server/app/library_lines.h"

#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/library_log.h"
#include "tests/server/app/logged.h"

namespace ruyi {
namespace {

TEST(LogLinesOfLibraries, TakesThoseOfGrpc) {
  LogLinesOfLibraries();
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);  // as gRPC does when it is first used
  const auto lines = Logged("info", [] { gpr_log(GPR_ERROR, "no \"%s\"", "port"); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["event"], "grpc");
  EXPECT_EQ(lines[0]["level"], "error");
  EXPECT_EQ(lines[0]["message"], "no \"port\"");
}

TEST(LogLinesOfLibraries, TakesThoseOfPicturesAndVideos) {
  LogLinesOfLibraries();
  const auto lines = Logged("info", [] { LogFromLibrary("libpng", "odd \"profile\""); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["event"], "library");
  EXPECT_EQ(lines[0]["level"], "info");
  EXPECT_EQ(lines[0]["library"], "libpng");
  EXPECT_EQ(lines[0]["message"], "odd \"profile\"");
}

TEST(LogLinesOfLibraries, TakesThoseOfProtobuf) {
  LogLinesOfLibraries();
  const auto lines = Logged("info", [] {
    GOOGLE_LOG(INFO) << "a";
    GOOGLE_LOG(WARNING) << "b";
    GOOGLE_LOG(ERROR) << "c";
    EXPECT_ANY_THROW(GOOGLE_LOG(FATAL) << "d");
  });
  ASSERT_EQ(lines.size(), 4u);
  const std::vector<std::pair<std::string, std::string>> wanted = {
      {"info", "a"}, {"warning", "b"}, {"error", "c"}, {"error", "d"}};
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(lines[i]["event"], "protobuf");
    EXPECT_EQ(lines[i]["level"], wanted[i].first);
    EXPECT_EQ(lines[i]["message"], wanted[i].second);
  }
}

}  // namespace
}  // namespace ruyi
