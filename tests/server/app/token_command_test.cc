#include "server/app/token_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "server/identity/token_list.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

struct Ran {
  int exit_code = 0;
  std::string out;
  std::string error;
};

Ran RunToken(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "token");
  std::vector<const char*> argv;
  for (const std::string& argument : arguments)
    argv.push_back(argument.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ran ran = {.exit_code = RunTokenCommand(static_cast<int>(argv.size()), argv.data())};
  ran.out = testing::internal::GetCapturedStdout();
  ran.error = testing::internal::GetCapturedStderr();
  return ran;
}

class TokenCommandTest : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string file_ = (folder_.path() / "tokens.json").string();
};

TEST_F(TokenCommandTest, MakesListsAndRevokes) {
  const Ran made = RunToken({"new", "--tokens", file_, "--tenant", "film", "--role", "admin", "--days", "2"});
  EXPECT_EQ(made.exit_code, 0) << made.error;
  ASSERT_THAT(made.out, MatchesRegex("ruyi_[0-9a-f]{12}_[0-9a-f]{64}\n"));
  EXPECT_THAT(made.error, Not(HasSubstr(made.out.substr(18, 64)))) << "the token goes to standard output alone";
  ASSERT_OK_AND_ASSIGN(const std::vector<TokenEntry> tokens, ReadTokens(file_));
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].tenant, "film");
  EXPECT_EQ(tokens[0].role, Role::kAdmin);
  EXPECT_EQ(*tokens[0].expires - tokens[0].created, absl::Hours(48));
  const Ran second = RunToken({"new", "--tokens", file_, "--tenant", "press"});
  EXPECT_EQ(second.exit_code, 0);
  const Ran listed = RunToken({"list", "--tokens", file_});
  EXPECT_THAT(listed.out, AllOf(HasSubstr(tokens[0].id), HasSubstr("admin"), HasSubstr("film"), HasSubstr("press"),
                                HasSubstr("never"), Not(HasSubstr(made.out.substr(18, 64)))));
  EXPECT_EQ(RunToken({"revoke", "--tokens", file_, tokens[0].id}).exit_code, 0);
  ASSERT_EQ(ReadTokens(file_)->size(), 1u);
  EXPECT_EQ((*ReadTokens(file_))[0].tenant, "press");
}

TEST_F(TokenCommandTest, SaysWhatItCannotDo) {
  EXPECT_EQ(RunToken({"list", "--tokens", file_}).exit_code, 1);
  ASSERT_THAT(WriteTokens(file_, {}), IsOk());
  const Ran unknown = RunToken({"revoke", "--tokens", file_, "0123456789ab"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.error, HasSubstr("has no token with this id"));
  folder_.Write("tokens.json", "nonsense");
  EXPECT_EQ(RunToken({"new", "--tokens", file_, "--tenant", "film"}).exit_code, 1);
}

TEST_F(TokenCommandTest, SaysThatItMakesTheFile) {
  const Ran first = RunToken({"new", "--tokens", file_, "--tenant", "film"});
  EXPECT_THAT(first.error, HasSubstr("made the file " + file_ + ", which was not there"));
  EXPECT_THAT(RunToken({"new", "--tokens", file_, "--tenant", "film"}).error, Not(HasSubstr("made the file")));
}

TEST_F(TokenCommandTest, SaysWhatDaysMayBe) {
  EXPECT_THAT(RunToken({"new", "--tokens", file_, "--tenant", "film", "--days", "0"}).error,
              HasSubstr("--days: '0' is not a number of days above 0 and up to 36500; without the flag"));
}

TEST_F(TokenCommandTest, RefusesWrongCommandLines) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"new"},
                                             {"new", "--tokens", file_},
                                             {"new", "--tokens", file_, "--tenant", "two words"},
                                             {"new", "--tokens", file_, "--tenant", "film", "--role", "root"},
                                             {"new", "--tokens", file_, "--tenant", "film", "--days", "-1"},
                                             {"new", "--tokens", file_, "--tenant", "film", "--days", "0"},
                                             {"new", "--tokens", file_, "--tenant", "film", "--days", "nan"},
                                             {"new", "--tokens", file_, "--tenant", "film", "--days", "36501"},
                                             {"revoke", "--tokens", file_}})
    EXPECT_EQ(RunToken(arguments).exit_code, 2) << testing::PrintToString(arguments);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(TokenCommandTest, HelpNamesTheCommands) {
  const Ran help = RunToken({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("new"), HasSubstr("list"), HasSubstr("revoke")));
}

}  // namespace
}  // namespace ruyi
