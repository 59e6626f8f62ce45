#include "core/lora/lora_folder.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "absl/strings/str_format.h"
#include "core/base/error_reasons.h"
#include "core/digest/sha256.h"
#include "tests/core/lora/lora_bytes.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const LayerShapes kLayers = {{"blocks.0.to_q", {.out = 3, .in = 2}}};

class LoraFolderTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& bytes = SafetensorsBytes(LoraTensors())) {
    files_.Write(name + ".safetensors", bytes);
  }

  // A file that nobody touches any more.
  void WriteLongAgo(const std::string& name, const std::string& bytes) {
    Write(name, bytes);
    std::filesystem::last_write_time(files_.path() / (name + ".safetensors"), long_ago_);
  }

  const std::filesystem::file_time_type soon_ = std::filesystem::file_time_type::clock::now() + std::chrono::hours(1);
  const std::filesystem::file_time_type long_ago_ = soon_ - std::chrono::hours(2);
  const TemporaryFolder files_;
  const LoraFolder folder_{files_.path(), kLayers};
};

TEST_F(LoraFolderTest, ListsItsFilesByName) {
  Write("painting");
  Write("film");
  files_.Write("README.md", "x");
  files_.Write("deeper/hidden.safetensors", "x");
  EXPECT_THAT(folder_.Names(), ElementsAre("film", "painting"));
}

TEST_F(LoraFolderTest, SeesFilesThatComeAndGo) {
  EXPECT_THAT(folder_.Check("film"), StatusIs(absl::StatusCode::kNotFound));
  Write("film");
  EXPECT_THAT(folder_.Check("film"), IsOk());
  std::filesystem::remove(files_.path() / "film.safetensors");
  EXPECT_THAT(folder_.Check("film"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(LoraFolderTest, SaysHowManyBytesALoraTakesAndWhichFileItIs) {
  Write("film");
  ASSERT_OK_AND_ASSIGN(const LoraFacts facts, folder_.Check("film"));
  EXPECT_EQ(facts.device_bytes, 2 * (3 + 2));  // two for each number in "up" and "down"
  EXPECT_EQ(facts.sha256, Sha256Hex(SafetensorsBytes(LoraTensors())));
}

TEST_F(LoraFolderTest, AnUnknownNameIsNotFoundBesideThoseThereAre) {
  Write("film");
  EXPECT_THAT(folder_.Check("flim"),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("no LoRA 'flim'"), HasSubstr("use one of film"))));
}

TEST_F(LoraFolderTest, OfManyNamesTheFirstAreShown) {
  for (char c = 'a'; c <= 'j'; ++c)
    Write(std::string(1, c));
  EXPECT_THAT(folder_.Check("film"),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("use one of a, b, c, d, e, f, g, h and 2 more that GetCapabilities lists")));
}

TEST_F(LoraFolderTest, WithoutAFolderThereIsNone) {
  const LoraFolder none("", kLayers);
  EXPECT_THAT(none.Names(), IsEmpty());
  EXPECT_THAT(none.Check("film"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("this server has none")));
}

TEST_F(LoraFolderTest, APathIsNoName) {
  Write("film");
  files_.Write("deeper/hidden.safetensors", SafetensorsBytes(LoraTensors()));
  for (const std::string& name :
       {std::string("deeper/hidden"), (files_.path() / "film").string(), std::string("deeper/../film"),
        std::string("./film"), std::string("film.safetensors"), std::string(), std::string("..")})
    EXPECT_THAT(folder_.Check(name), StatusIs(absl::StatusCode::kNotFound)) << name;
}

TEST_F(LoraFolderTest, ADamagedFileIsInvalidAndItsPathIsNotTold) {
  const std::string bytes = SafetensorsBytes(LoraTensors());
  Write("cut", bytes.substr(0, bytes.size() - 4));
  const auto says =
      AllOf(HasSubstr("cut.safetensors"), HasSubstr("lora_up.weight"), Not(HasSubstr(files_.path().string())));
  EXPECT_THAT(folder_.Check("cut"), StatusIs(absl::StatusCode::kInvalidArgument, says));
  EXPECT_THAT(folder_.Load({{"cut", 1.0}}), StatusIs(absl::StatusCode::kFailedPrecondition, says));
}

TEST_F(LoraFolderTest, SeveralAddUp) {
  Write("film");
  Write("painting");
  ASSERT_OK_AND_ASSIGN(const LayerUpdates updates, folder_.Load({{"film", 2.0}, {"painting", -0.5}}));
  const LayerUpdate& update = updates.at("blocks.0.to_q");
  EXPECT_TRUE(
      at::allclose(at::matmul(update.up, update.down), at::tensor({1.f, 2.f, 2.f, 4.f, 3.f, 6.f}).view({3, 2}) * 1.5));
}

TEST_F(LoraFolderTest, NoneChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const LayerUpdates updates, folder_.Load({}));
  EXPECT_THAT(updates, IsEmpty());
}

TEST_F(LoraFolderTest, OneThatHasGoneIsTheErrorOfAll) {
  Write("film");
  const absl::Status status = folder_.Load({{"film", 1.0}, {"gone", 1.0}}).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("the LoRA 'gone' has changed"), HasSubstr("send the request again"))));
  EXPECT_THAT(status, HasReason(reason::kLoraChanged));
}

TEST_F(LoraFolderTest, LoadsWhatWasCheckedAndNothingElse) {
  Write("film");
  ASSERT_OK_AND_ASSIGN(const LoraFacts facts, folder_.Check("film"));
  const LoraSettings lora = {.name = "film", .strength = 1.0, .sha256 = facts.sha256};
  EXPECT_THAT(folder_.Load({lora}), IsOk());
  std::vector<StoredTensor> others = LoraTensors();
  others[1] = FloatTensor(others[1].name, {3, 1}, {4, 5, 6});
  Write("film", SafetensorsBytes(others));
  const absl::Status status = folder_.Load({lora}).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'film' has changed")));
  EXPECT_THAT(status, HasReason(reason::kLoraChanged));
  Write("film");
  EXPECT_THAT(folder_.Load({lora}), IsOk());
}

// The same size at the same time in the same place: only who reads the file sees the difference.
TEST_F(LoraFolderTest, DoesNotReadAgainWhatHasNotChanged) {
  const std::string bytes = SafetensorsBytes(LoraTensors());
  WriteLongAgo("film", bytes);
  ASSERT_OK_AND_ASSIGN(const LoraFacts first, folder_.Check("film"));
  WriteLongAgo("film", std::string(bytes.size(), 'x'));
  ASSERT_OK_AND_ASSIGN(const LoraFacts second, folder_.Check("film"));
  EXPECT_EQ(first, second);
  WriteLongAgo("film", std::string(bytes.size() + 1, 'x'));
  EXPECT_THAT(folder_.Check("film"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(LoraFolderTest, ReadsAgainWhatMayStillHaveChanged) {
  const std::string bytes = SafetensorsBytes(LoraTensors());
  const auto write = [&](const std::string& content) {
    Write("film", content);
    std::filesystem::last_write_time(files_.path() / "film.safetensors", soon_);
  };
  write(bytes);
  EXPECT_THAT(folder_.Check("film"), IsOk());
  write(std::string(bytes.size(), 'x'));
  EXPECT_THAT(folder_.Check("film"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(LoraFolderTest, LeavesOutHiddenFiles) {
  Write("film");
  Write("._film");
  Write(".hidden");
  EXPECT_THAT(folder_.Names(), ElementsAre("film"));
  EXPECT_THAT(folder_.Check("._film"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(LoraFolderTest, TellsOnceOfNamesThatAreNotUtf8) {
  std::vector<std::string> told;
  const LoraFolder folder(files_.path(), kLayers, [&](const std::string& name, std::string_view why) {
    told.push_back(absl::StrFormat("%s: %s", name, why));
  });
  Write("film");
  Write("caf\xe9");
  Write("caf\xc3\xa9");
  EXPECT_THAT(folder.Names(), ElementsAre("caf\xc3\xa9", "film"));
  EXPECT_THAT(folder.Names(), ElementsAre("caf\xc3\xa9", "film"));
  EXPECT_THAT(told, ElementsAre("caf\\xe9.safetensors: its name is not UTF-8"));
  EXPECT_THAT(folder.Check("caf\xe9"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(folder_.Names(), ElementsAre("caf\xc3\xa9", "film"));  // nobody is told
}

}  // namespace
}  // namespace ruyi
