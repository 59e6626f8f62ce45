#include "core/request/lora_shelf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/support/fake_lora_catalog.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LoraShelfTest : public testing::Test {
 protected:
  LoraShelf shelf_{std::make_shared<FakeLoraCatalog>(std::vector<std::string>{"film", "torn"}, "torn")};
};

TEST_F(LoraShelfTest, HasAllAtFirst) {
  EXPECT_THAT(shelf_.Names(), ElementsAre("film", "torn"));
  ASSERT_OK_AND_ASSIGN(const LoraFacts facts, shelf_.Check("film"));
  EXPECT_EQ(facts.sha256, FakeLoraCatalog::Sha256Of("film"));
  EXPECT_THAT(shelf_.Check("torn"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(LoraShelfTest, LacksWhatWasTakenOffUntilItIsPutBack) {
  ASSERT_THAT(shelf_.TakeOff("film"), IsOk());
  ASSERT_THAT(shelf_.TakeOff("film"), IsOk());
  EXPECT_THAT(shelf_.Names(), ElementsAre("torn"));
  EXPECT_THAT(shelf_.Check("film"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("unloaded")));
  ASSERT_OK_AND_ASSIGN(const LoraFacts facts, shelf_.PutBack("film"));
  EXPECT_EQ(facts.device_bytes, FakeLoraCatalog::kBytes);
  EXPECT_THAT(shelf_.Names(), ElementsAre("film", "torn"));
  EXPECT_THAT(shelf_.Check("film"), IsOk());
}

TEST_F(LoraShelfTest, KeepsOffWhatIsBroken) {
  ASSERT_THAT(shelf_.TakeOff("torn"), IsOk());
  EXPECT_THAT(shelf_.PutBack("torn"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(shelf_.Names(), ElementsAre("film"));
}

TEST_F(LoraShelfTest, KnowsNoOthers) {
  EXPECT_THAT(shelf_.TakeOff("other"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("film, torn")));
  EXPECT_THAT(shelf_.PutBack("other"), StatusIs(absl::StatusCode::kNotFound));
  LoraShelf empty(std::make_shared<FakeLoraCatalog>());
  EXPECT_THAT(empty.TakeOff("other"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("has none")));
}

}  // namespace
}  // namespace ruyi
