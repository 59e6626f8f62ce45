#include "server/identity/token_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/digest/sha256.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

const absl::Time kCreated = absl::FromUnixSeconds(1'700'000'000);

std::string FileText(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class TokenListTest : public testing::Test {
 protected:
  // Returns the message about a file with this text.
  std::string WrongIn(const std::string& text) {
    const auto tokens = ReadTokens(folder_.Write("tokens.json", text).string());
    EXPECT_THAT(tokens, StatusIs(absl::StatusCode::kFailedPrecondition));
    return std::string(tokens.status().message());
  }

  // A file with one token, in which `replacement` stands for `part`.
  std::string WrongWith(const std::string& part, const std::string& replacement) {
    std::string text = R"({"format": 1, "tokens": [{"id": "0123456789ab", "sha256": ")" + std::string(64, 'a') +
                       R"(", "tenant": "film", "role": "user", "created": "2026-11-28T12:00:00Z"}]})";
    EXPECT_THAT(ReadTokens(folder_.Write("good.json", text).string()), IsOk());
    text.replace(text.find(part), part.size(), replacement);
    return WrongIn(text);
  }

  const TemporaryFolder folder_;
  const std::string path_ = (folder_.path() / "tokens.json").string();
};

TEST_F(TokenListTest, ATokenHasItsIdAnd256Bits) {
  const NewToken made = MakeToken("film", Role::kAdmin, kCreated, std::nullopt);
  EXPECT_THAT(made.text, MatchesRegex("ruyi_[0-9a-f]{12}_[0-9a-f]{64}"));
  EXPECT_EQ(IdOfToken(made.text), made.entry.id);
  EXPECT_EQ(made.entry.sha256, Sha256Hex(made.text));
  EXPECT_NE(MakeToken("film", Role::kAdmin, kCreated, std::nullopt).text, made.text);
}

TEST_F(TokenListTest, OtherTextsHaveNoId) {
  for (const char* text : {"", "ruyi_", "ruyi_0123456789ab", "ruyi_0123456789abX", "other_0123456789ab_0", "a.b.c"})
    EXPECT_EQ(IdOfToken(text), "") << text;
}

TEST_F(TokenListTest, TokensComeBackWithoutTheirText) {
  const NewToken first = MakeToken("film", Role::kAdmin, kCreated, kCreated + absl::Hours(1));
  const NewToken second = MakeToken("press", Role::kUser, kCreated, std::nullopt);
  ASSERT_THAT(WriteTokens(path_, {first.entry, second.entry}), IsOk());
  EXPECT_THAT(FileText(path_), Not(HasSubstr(first.text)));
  ASSERT_OK_AND_ASSIGN(const std::vector<TokenEntry> tokens, ReadTokens(path_));
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(tokens[0].id, first.entry.id);
  EXPECT_EQ(tokens[0].sha256, first.entry.sha256);
  EXPECT_EQ(tokens[0].tenant, "film");
  EXPECT_EQ(tokens[0].role, Role::kAdmin);
  EXPECT_EQ(tokens[0].created, kCreated);
  EXPECT_EQ(tokens[0].expires, kCreated + absl::Hours(1));
  EXPECT_EQ(tokens[1].role, Role::kUser);
  EXPECT_EQ(tokens[1].expires, std::nullopt);
}

TEST_F(TokenListTest, SaysWhatIsWrong) {
  EXPECT_THAT(WrongIn("nonsense"), HasSubstr("tokens.json"));
  EXPECT_THAT(WrongIn("{}"), HasSubstr("'format' must be 1"));
  EXPECT_THAT(WrongIn(R"({"format": 1})"), HasSubstr("'tokens' must be a list"));
  EXPECT_THAT(WrongIn(R"({"format": 1, "tokens": [7]})"), HasSubstr("tokens[0]: must be an object"));
  EXPECT_THAT(WrongIn(R"({"format": 1, "tokens": [], "more": 1})"), HasSubstr("a key that this server does not know"));
  EXPECT_THAT(WrongWith("\"role\"", "\"expire\""), HasSubstr("a key that this server does not know"));
  EXPECT_THAT(WrongWith("0123456789ab", "0123"), HasSubstr("'id' must be 12 hex digits"));
  EXPECT_THAT(WrongWith("aaaa", "xyz!"), HasSubstr("'sha256' must be"));
  EXPECT_THAT(WrongWith("\"film\"", "\"two words\""), HasSubstr("'tenant' must have"));
  EXPECT_THAT(WrongWith("\"user\"", "\"root\""), HasSubstr("'role' must be user or admin"));
  EXPECT_THAT(WrongWith("2026-11-28T12:00:00Z", "today"), HasSubstr("'created' must be a time"));
  EXPECT_THAT(WrongWith("\"role\"", "\"expires\": \"never\", \"role\""), HasSubstr("'expires' must be a time"));
}

TEST_F(TokenListTest, AnIdIsGivenOnce) {
  const TokenEntry entry = MakeToken("film", Role::kUser, kCreated, std::nullopt).entry;
  ASSERT_THAT(WriteTokens(path_, {entry, entry}), IsOk());
  EXPECT_THAT(std::string(ReadTokens(path_).status().message()), HasSubstr("tokens[1]: 'id' is that of an earlier"));
}

TEST_F(TokenListTest, ATokenInThePlaceOfItsHashIsNotShown) {
  const std::string text = MakeToken("film", Role::kUser, kCreated, std::nullopt).text;
  EXPECT_THAT(WrongWith(std::string(64, 'a'), text), Not(HasSubstr(text)));
}

TEST_F(TokenListTest, AFileThatCannotBeWrittenIsNamed) {
  const std::filesystem::path file = folder_.Write("file", "");
  EXPECT_THAT(WriteTokens((file / "tokens.json").string(), {}), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace ruyi
