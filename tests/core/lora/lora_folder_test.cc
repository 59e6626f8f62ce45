#include "core/lora/lora_folder.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST_F(LoraFolderTest, SaysHowManyBytesALoraTakes) {
  Write("film");
  ASSERT_OK_AND_ASSIGN(const int64_t bytes, folder_.Check("film"));
  EXPECT_EQ(bytes, 2 * (3 + 2));  // two for each number in "up" and "down"
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
  const auto is_invalid = StatusIs(
      absl::StatusCode::kInvalidArgument,
      AllOf(HasSubstr("cut.safetensors"), HasSubstr("lora_up.weight"), Not(HasSubstr(files_.path().string()))));
  EXPECT_THAT(folder_.Check("cut"), is_invalid);
  EXPECT_THAT(folder_.Load({{"cut", 1.0}}), is_invalid);
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

TEST_F(LoraFolderTest, OneThatCannotBeLoadedIsTheErrorOfAll) {
  Write("film");
  EXPECT_THAT(folder_.Load({{"film", 1.0}, {"gone", 1.0}}), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace ruyi
