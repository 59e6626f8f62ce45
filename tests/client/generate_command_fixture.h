// Runs `ruyi-client generate` against a fake server, with an older film under the name that --out gives, for its tests.
// Not thread-safe.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "client/command_line.h"
#include "client/generate_command.h"
#include "tests/client/client_process.h"
#include "tests/client/fake_server.h"
#include "tests/client/fake_waiter.h"
#include "tests/client/scripted_events.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {

inline constexpr char kOlder[] = "an older film";
inline constexpr char kRequestId[] = "7e6f0c1e-3b5c-4f0e-9a55-1d0b6c6f2a11";
inline const std::string kAbout = std::string("error: request ") + kRequestId + ": ";

class GenerateCommandTest : public testing::Test {
 protected:
  std::vector<std::string> Arguments(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"generate", "--server", server_.address(), "--image", picture_,
                                          "--out",    out_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  ClientResult Run(const std::vector<std::string>& more = {}) {
    return ClientProcess(folder_.path(), Arguments(more)).Wait();
  }

  // The same in this process, with a clock that does not wait.
  ClientResult RunHere(const std::vector<std::string>& more = {}) {
    std::vector<const char*> argv = {"ruyi-client"};
    const std::vector<std::string> arguments = Arguments(more);
    for (const std::string& argument : arguments)
      argv.push_back(argument.c_str());
    const ParsedCommandLine parsed = ParseCommandLine(static_cast<int>(argv.size()), argv.data());
    EXPECT_FALSE(parsed.finished);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Interrupt interrupt;
    FakeWaiter waiter;
    const ExitCode code = RunGenerate(parsed.command_line.generate,
                                      {.server = server_.address(), .interrupt = &interrupt, .waiter = &waiter});
    return {.exit_code = static_cast<int>(code),
            .out = testing::internal::GetCapturedStdout(),
            .err = testing::internal::GetCapturedStderr()};
  }

  // Resumes as another process would, without the flags of the video.
  ClientResult Resume(const std::string& command) {
    return ClientProcess(folder_.path(), {command, "--resume", "--out", out_}).Wait();
  }

  // Expects that nothing but the older film is there.
  void ExpectNothingSaved() {
    EXPECT_EQ(ReadFile(out_), kOlder);
    EXPECT_THAT(PartFiles(folder_.path()), testing::IsEmpty());
  }

  // The older film, and what a later process can go on with.
  void ExpectKept(const ClientResult& result, int exit_code, const std::string& error) {
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_THAT(result.err, testing::HasSubstr(error));
    EXPECT_THAT(result.err, testing::HasSubstr("`ruyi-client download --resume --out " + out_ + "` goes on\n"));
    EXPECT_EQ(ReadFile(out_), kOlder);
    EXPECT_THAT(PartFiles(folder_.path()), testing::UnorderedElementsAre("film.mp4.part", "film.mp4.part.json"));
  }

  void ExpectFailure(const ClientResult& result, int exit_code, const std::string& error) {
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_THAT(result.err, testing::HasSubstr(error));
    EXPECT_EQ(result.out, "");
    ExpectNothingSaved();
  }

  void ExpectSaved(const ClientResult& result, const std::string& film) {
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(ReadFile(out_), film);
    EXPECT_THAT(PartFiles(folder_.path()), testing::IsEmpty());
  }

  TemporaryFolder folder_;
  std::string picture_ = folder_.Write("photo.png", "a picture");
  std::string out_ = folder_.Write("film.mp4", kOlder);
  std::string sheet_ = folder_.path() / "sheet.png";
  absl::Notification done_;  // for a script to wait on; outlives the server's threads
  FakeServer server_;
};

}  // namespace ruyi::client
