#include "core/json/json_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

TEST(ParseJson, TakesAnyValue) {
  EXPECT_EQ(*ParseJson("[1, {\"a\": null}]", "text"), json::parse("[1, {\"a\": null}]"));
}

TEST(ParseJson, TakesOneKeyInTwoObjects) {
  EXPECT_TRUE(ParseJson(R"([{"a":1},{"a":2}])", "text").ok());
}

TEST(ParseJson, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "{\"a\":}", "{} {}", "nul", "\"\\ud800\"", "// x\n{}"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseJson(text, "text").status())) << text;
  }
}

TEST(ParseJson, NamesSourceAndRepeatedKey) {
  const absl::Status status = ParseJson(R"({"a":{"b":1,"b":2}})", "config").status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("config"), HasSubstr("'b' occurs twice")));
}

TEST(ParseJson, TakesDepth32AndRefuses33) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(ParseJson(nested(32), "text").ok());
  EXPECT_TRUE(absl::IsDataLoss(ParseJson(nested(40), "text").status()));
}

TEST(ReadJsonFile, ReadsAnObject) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadJsonFile(folder.Write("a.json", "{\"x\": 1}")).value()["x"], 1);
}

TEST(ReadJsonFile, NamesTheFileInEveryError) {
  const TemporaryFolder folder;
  const absl::Status missing = ReadJsonFile(folder.path() / "none.json").status();
  EXPECT_TRUE(absl::IsNotFound(missing));
  EXPECT_THAT(std::string(missing.message()), HasSubstr("none.json"));
  for (const char* text : {"", "[1]", "{"}) {
    const absl::Status damaged = ReadJsonFile(folder.Write("a.json", text)).status();
    EXPECT_TRUE(absl::IsDataLoss(damaged)) << text;
    EXPECT_THAT(std::string(damaged.message()), HasSubstr("a.json"));
  }
}

TEST(ReadJsonFile, RefusesMoreThan64MiB) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.Write("large.json", "{}");
  std::filesystem::resize_file(path, (64 << 20) + 1);
  const absl::Status status = ReadJsonFile(path).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("more than"));
}

class Getters : public testing::Test {
 protected:
  const json object_ = json::parse(R"({"int": 3, "negative": -3, "huge": 18446744073709551615, "real": 2.5, "yes": true,
      "word": "w", "ints": [1, 2], "mixed": [1, "a"], "words": ["a", "b"], "reals": [2.5, 3], "null": null})");
};

TEST_F(Getters, GiveTheValue) {
  EXPECT_EQ(*GetInt(object_, "int"), 3);
  EXPECT_EQ(*GetInt(object_, "negative"), -3);
  EXPECT_EQ(*GetDouble(object_, "real"), 2.5);
  EXPECT_EQ(*GetDouble(object_, "int"), 3.0);
  EXPECT_EQ(*GetBool(object_, "yes"), true);
  EXPECT_EQ(*GetString(object_, "word"), "w");
  EXPECT_THAT(*GetIntList(object_, "ints"), ElementsAre(1, 2));
  EXPECT_THAT(*GetDoubleList(object_, "reals"), ElementsAre(2.5, 3.0));
  EXPECT_THAT(*GetStringList(object_, "words"), ElementsAre("a", "b"));
}

TEST_F(Getters, FallBackWhenAbsentOrNull) {
  for (const char* key : {"absent", "null"}) {
    EXPECT_EQ(*GetInt(object_, key, 5), 5);
    EXPECT_EQ(*GetDouble(object_, key, 0.5), 0.5);
    EXPECT_EQ(*GetBool(object_, key, false), false);
    EXPECT_EQ(*GetString(object_, key, "f"), "f");
    EXPECT_THAT(*GetIntList(object_, key, std::vector<int64_t>{9}), ElementsAre(9));
    EXPECT_THAT(*GetDoubleList(object_, key, std::vector<double>{0.5}), ElementsAre(0.5));
    EXPECT_THAT(*GetStringList(object_, key, std::vector<std::string>{"z"}), ElementsAre("z"));
  }
}

TEST_F(Getters, RefuseWhatIsAbsentWithoutFallback) {
  for (const char* key : {"absent", "null"}) {
    const absl::Status status = GetInt(object_, key).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_THAT(std::string(status.message()), HasSubstr(key));
  }
}

TEST_F(Getters, RefuseAnotherTypeEvenWithFallback) {
  for (const char* key : {"real", "yes", "word", "ints", "huge"}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(GetInt(object_, key, 1).status())) << key;
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(GetDouble(object_, "word", 1).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(GetBool(object_, "int", true).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(GetString(object_, "int", "a").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(GetIntList(object_, "mixed").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(GetDoubleList(object_, "mixed").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(GetDoubleList(object_, "real").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(GetStringList(object_, "mixed").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(GetIntList(object_, "int").status()));
}

TEST(HasValue, IsFalseForWhatIsNoObject) {
  EXPECT_FALSE(HasValue(json::array({1}), "a"));
  EXPECT_FALSE(HasValue(json(3), "a"));
  EXPECT_TRUE(HasValue(json{{"a", 0}}, "a"));
}

TEST(ParseJsonFile, NamesTheFileOfAWrongValue) {
  const TemporaryFolder folder;
  const auto layers = [](const json& object) { return GetInt(object, "layers"); };
  EXPECT_EQ(*ParseJsonFile(folder.Write("good.json", R"({"layers": 2})"), layers), 2);
  const absl::Status status = ParseJsonFile(folder.Write("bad.json", R"({"layers": "2"})"), layers).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("bad.json"), HasSubstr("'layers'")));
  EXPECT_TRUE(absl::IsNotFound(ParseJsonFile(folder.path() / "none.json", layers).status()));
}

TEST(IsUtf8, TakesTextsAndNothingElse) {
  for (const char* text : {"", "film", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\xac", "a\nb"})
    EXPECT_TRUE(IsUtf8(text)) << text;
  for (const char* text : {"caf\xe9", "\xc3", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"})
    EXPECT_FALSE(IsUtf8(text)) << text;
}

TEST(WriteJsonFile, ReplacesAFileAndMakesItsFolder) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "deeper" / "x.json";
  EXPECT_TRUE(WriteJsonFile(path, {{"a", 1}}).ok());
  EXPECT_TRUE(WriteJsonFile(path, {{"b", "\xff"}}).ok());  // no UTF-8
  const absl::StatusOr<json> read = ReadJsonFile(path);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->size(), 1);
  EXPECT_TRUE(read->contains("b"));
}

// Two workers, or two servers, may write one file at the same moment.
TEST(WriteJsonFile, KeepsTheRightsOfAFileAndTheLinkToIt) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.Write("real.json", "{}");
  constexpr auto kMode = std::filesystem::perms::owner_read | std::filesystem::perms::group_read;
  std::filesystem::permissions(file, kMode);
  std::filesystem::create_symlink("real.json", folder.path() / "link.json");
  EXPECT_TRUE(WriteJsonFile(folder.path() / "link.json", {{"a", 1}}).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path() / "link.json"));
  EXPECT_EQ(std::filesystem::status(file).permissions(), kMode);
  EXPECT_EQ(ReadJsonFile(file).value()["a"], 1);
}

TEST(WriteJsonFile, SharesNoFileWithAnotherWriterAndLeavesNone) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "x.json.part" / "of another writer");
  EXPECT_TRUE(WriteJsonFile(folder.path() / "x.json", {{"a", 1}}).ok());
  std::filesystem::create_directories(folder.path() / "y.json" / "in the way");
  EXPECT_TRUE(absl::IsUnavailable(WriteJsonFile(folder.path() / "y.json", {})));
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    names.push_back(entry.path().filename());
  EXPECT_THAT(names, UnorderedElementsAre("x.json", "x.json.part", "y.json"));
}

TEST(WriteJsonFile, SaysWhatCannotBeWritten) {
  const TemporaryFolder folder;
  const absl::Status status = WriteJsonFile(folder.Write("file", "x") / "x.json", {});
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("x.json"));
}

}  // namespace
}  // namespace ruyi
