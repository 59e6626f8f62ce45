#include "client/exit_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace ruyi::client {
namespace {

TEST(ExitCode, TellsRefusedFromTryLater) {
  for (auto code : {grpc::INVALID_ARGUMENT, grpc::FAILED_PRECONDITION, grpc::UNIMPLEMENTED, grpc::OUT_OF_RANGE,
                    grpc::UNAUTHENTICATED, grpc::PERMISSION_DENIED}) {
    EXPECT_EQ(ExitCodeOfStatus(code), ExitCode::kRefused) << code;
  }
  for (auto code : {grpc::UNAVAILABLE, grpc::RESOURCE_EXHAUSTED, grpc::ABORTED}) {
    EXPECT_EQ(ExitCodeOfStatus(code), ExitCode::kTryLater) << code;
  }
}

TEST(ExitCode, OfTheOtherStatuses) {
  EXPECT_EQ(ExitCodeOfStatus(grpc::OK), ExitCode::kDone);
  EXPECT_EQ(ExitCodeOfStatus(grpc::DEADLINE_EXCEEDED), ExitCode::kDeadline);
  EXPECT_EQ(ExitCodeOfStatus(grpc::NOT_FOUND), ExitCode::kNotFound);
  EXPECT_EQ(ExitCodeOfStatus(grpc::ALREADY_EXISTS), ExitCode::kRefused);
  for (auto code : {grpc::INTERNAL, grpc::CANCELLED, grpc::UNKNOWN, grpc::DATA_LOSS}) {
    EXPECT_EQ(ExitCodeOfStatus(code), ExitCode::kFailed) << code;
  }
}

TEST(ExitCode, OfASignalIsTheShells) {
  EXPECT_EQ(ExitCodeOfSignal(SIGINT), ExitCode::kInterrupted);
  EXPECT_EQ(ExitCodeOfSignal(SIGTERM), ExitCode::kTerminated);
  EXPECT_EQ(ExitCodeOfSignal(SIGHUP), ExitCode::kHungUp);
}

TEST(ExitCode, HelpListsEveryCode) {
  for (const char* line : {"    0  ", "    1  ", "    2  ", "    3  ", "    4  ", "    5  ", "    6  ", "    7  ",
                           "    8  ", "    9  ", "  129  ", "  130  ", "  143  "}) {
    EXPECT_THAT(ExitCodeHelp(), testing::HasSubstr(line));
  }
}

}  // namespace
}  // namespace ruyi::client
