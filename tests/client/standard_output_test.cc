// Tests what the program says and returns when standard output cannot be written.
#include "client/standard_output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "tests/client/client_process.h"
#include "tests/client/fake_server.h"
#include "tests/client/scripted_events.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::ExitedWithCode;
using testing::HasSubstr;

constexpr char kComplaint[] = "error: standard output cannot be written";

// Prints to `descriptor` and ends as the program would that ends with `exit_code`; does not return.
void PrintTo(int descriptor, int exit_code) {
  std::signal(SIGPIPE, SIG_IGN);
  dup2(descriptor, STDOUT_FILENO);
  std::cout << "a line" << std::endl;
  _exit(FinishOutput(exit_code));
}

void PrintToFullDisk(int exit_code) {
  PrintTo(open("/dev/full", O_WRONLY), exit_code);
}

void PrintToNobody() {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  close(ends[0]);
  PrintTo(ends[1], 0);
}

TEST(FinishOutputDeathTest, ComplainsOfAFullDisk) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(PrintToFullDisk(0), ExitedWithCode(5), kComplaint);
  EXPECT_EXIT(PrintToFullDisk(8), ExitedWithCode(8), kComplaint);
}

TEST(FinishOutputDeathTest, DoesNotMindAReaderWhoHasGone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(PrintToNobody(), ExitedWithCode(0), "^$");
}

TEST(FinishOutputDeathTest, LeavesTheExitCodeOfWhatWasPrinted) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(PrintTo(STDERR_FILENO, 0), ExitedWithCode(0), "a line\n$");
  EXPECT_EXIT(PrintTo(STDERR_FILENO, 3), ExitedWithCode(3), "a line\n$");
}

// The built program with a standard output that cannot be written.
class StandardOutputTest : public testing::Test {
 protected:
  // Runs it in a shell, with `arguments` that end in a redirection.
  ClientResult Run(const std::string& arguments) const {
    const std::string err = folder_.path() / "stderr";
    const int status =
        std::system(absl::StrCat("\"", RUYI_CLIENT_PROGRAM, "\" ", arguments, " 2>\"", err, "\"").c_str());
    return {.exit_code = WEXITSTATUS(status), .err = ReadFile(err)};
  }

  std::string Server() const { return " --server " + server_.address(); }

  void ExpectComplaint(const ClientResult& result) {
    EXPECT_EQ(result.exit_code, 5) << result.err;
    EXPECT_THAT(result.err, HasSubstr(kComplaint));
  }

  // Makes a film with `redirection`, and expects that it is saved, unspoiled.
  void ExpectFilmAndComplaint(const std::string& redirection) {
    server_.Make("film", 4);
    const std::string out = folder_.path() / "film.mp4";
    ExpectComplaint(Run(
        absl::StrCat("generate --json --image \"", picture_, "\" --out \"", out, "\"", Server(), " ", redirection)));
    EXPECT_EQ(ReadFile(out), "film");
  }

  TemporaryFolder folder_;
  std::string picture_ = folder_.Write("photo.png", "a picture");
  FakeServer server_;
};

TEST_F(StandardOutputTest, MattersToHelp) {
  ExpectComplaint(Run("--help >/dev/full"));
  ExpectComplaint(Run("--version >/dev/full"));
  ExpectComplaint(Run("completion bash >/dev/full"));
}

TEST_F(StandardOutputTest, MattersToTables) {
  server_.Answer(v1::Capabilities());
  ExpectComplaint(Run("capabilities" + Server() + " >/dev/full"));
  server_.Answer({AcceptedEvent().accepted().video()}, 1);
  ExpectComplaint(Run("list --json" + Server() + " >/dev/full"));
}

TEST_F(StandardOutputTest, DoesNotStopTheFilm) {
  ExpectFilmAndComplaint(">/dev/full");
}

TEST_F(StandardOutputTest, DoesNotGoIntoTheFilmWhenItIsClosed) {
  ExpectFilmAndComplaint(">&-");
}

}  // namespace
}  // namespace ruyi::client
