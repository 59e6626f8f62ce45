#include "core/base/library_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace ruyi {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LibraryLogTest : public testing::Test {
 protected:
  ~LibraryLogTest() override { SetLibraryLog(nullptr); }

  void Record() {
    SetLibraryLog([this](std::string_view library, std::string_view message) {
      lines_.push_back(std::string(library) + ": " + std::string(message));
    });
  }

  std::vector<std::string> lines_;
};

TEST_F(LibraryLogTest, DiscardsMessagesUntilAFunctionIsSet) {
  testing::internal::CaptureStderr();
  LogFromLibrary("libpng", "lost");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(LibraryLogTest, GivesMessagesToTheFunction) {
  Record();
  LogFromLibrary("libpng", "iCCP: too short");
  LogFromLibrary("FFmpeg", "invalid size");
  EXPECT_THAT(lines_, ElementsAre("libpng: iCCP: too short", "FFmpeg: invalid size"));
}

TEST_F(LibraryLogTest, LeavesOutTheEndOfTheLine) {
  Record();
  LogFromLibrary("FFmpeg", "a line \r\n");
  LogFromLibrary("FFmpeg", "\n");
  LogFromLibrary("FFmpeg", "");
  EXPECT_THAT(lines_, ElementsAre("FFmpeg: a line"));
}

TEST_F(LibraryLogTest, StopsWhenTheFunctionIsTakenAway) {
  Record();
  SetLibraryLog(nullptr);
  LogFromLibrary("libpng", "lost");
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(LibraryLogTest, MayBeSetByTheFunctionItself) {
  int calls = 0;
  SetLibraryLog([&](std::string_view, std::string_view) {
    ++calls;
    SetLibraryLog(nullptr);
  });
  LogFromLibrary("libpng", "first");
  LogFromLibrary("libpng", "second");
  EXPECT_EQ(calls, 1);
}

TEST_F(LibraryLogTest, TakesMessagesFromSeveralThreads) {
  std::atomic<int> calls = 0;
  const auto count = [&](std::string_view, std::string_view) { ++calls; };
  SetLibraryLog(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int message = 0; message < 100; ++message) {
        LogFromLibrary("libpng", "busy");
        SetLibraryLog(count);
      }
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(calls, 400);
}

}  // namespace
}  // namespace ruyi
