#include "client/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/client/client_process.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class CompletionTest : public testing::Test {
 protected:
  std::string Script(const std::string& shell) {
    const ClientResult result = ClientProcess(folder_.path(), {"completion", shell}).Wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }

  // Returns what bash offers for the last of `words`, which follow the program's name.
  std::vector<std::string> Complete(const std::string& words) {
    const size_t count = std::vector<std::string>(absl::StrSplit(words, ' ')).size();
    const std::string script = folder_.Write(
        "script.bash", absl::StrCat(Script("bash"), "COMP_WORDS=(ruyi-client ", words, words.ends_with(' ') ? "''" : "",
                                    ")\nCOMP_CWORD=", count, "\n_ruyi_client\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"));
    FILE* pipe = popen(("bash " + script).c_str(), "r");
    std::string out;
    for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe))
      out += static_cast<char>(c);
    EXPECT_EQ(pclose(pipe), 0);
    return absl::StrSplit(out, '\n', absl::SkipEmpty());
  }

  TemporaryFolder folder_;
};

TEST_F(CompletionTest, OffersTheCommands) {
  EXPECT_THAT(Complete("c"), ElementsAre("create", "cancel", "capabilities", "completion"));
  EXPECT_THAT(Complete("--s"), ElementsAre("--server"));
}

TEST_F(CompletionTest, OffersTheFlagsOfACommand) {
  EXPECT_THAT(Complete("generate --encoder"), ElementsAre("--encoder-preset"));
  EXPECT_THAT(Complete("--server here:1 list --"),
              AllOf(Contains("--state"), Contains("--server"), Contains("--help"), Not(Contains("--camera"))));
}

TEST_F(CompletionTest, OffersTheWordsOfAFlag) {
  EXPECT_THAT(Complete("generate --camera "), ElementsAre("auto", "static", "left", "right", "up", "down"));
  EXPECT_THAT(Complete("list --state ca"), ElementsAre("cancelling", "cancelled"));
  EXPECT_THAT(Complete("completion "), ElementsAre("bash", "zsh"));
}

TEST_F(CompletionTest, OffersTheCommandsOfACommand) {
  EXPECT_THAT(Complete("admin p"), ElementsAre("pause", "priority"));
  EXPECT_THAT(Complete("--server here:1 admin vr"), ElementsAre("vram-budget"));
  EXPECT_THAT(Complete("admin cancel --re"), ElementsAre("--reason"));
  EXPECT_THAT(Complete("admin jobs --state ca"), ElementsAre("cancelling", "cancelled"));
  EXPECT_THAT(Complete("admin jobs --"), AllOf(Contains("--tenant"), Contains("--server"), Not(Contains("--reason"))));
  EXPECT_THAT(Complete("admin priority "), IsEmpty());
}

TEST_F(CompletionTest, LeavesFilesToTheShell) {
  EXPECT_THAT(Complete("generate --image "), IsEmpty());
}

TEST_F(CompletionTest, OfZshReadsThatOfBash) {
  const std::string zsh = Script("zsh");
  EXPECT_THAT(zsh, StartsWith("autoload -U +X compinit bashcompinit"));
  EXPECT_TRUE(zsh.ends_with(Script("bash")));
}

TEST_F(CompletionTest, KnowsNoOtherShell) {
  EXPECT_EQ(ClientProcess(folder_.path(), {"completion", "fish"}).Wait().exit_code, 2);
}

}  // namespace
}  // namespace ruyi::client
