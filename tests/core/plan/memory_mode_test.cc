// Tests memory modes and predictions as values.
#include "core/plan/memory_mode.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/plan/prediction.h"

namespace ruyi {
namespace {

TEST(MemoryMode, HasAName) {
  EXPECT_EQ(NameOf(MemoryMode{20, 5}), "20 blocks, 5 states");
  EXPECT_EQ(NameOf(MemoryMode{0, 1, true}), "0 blocks, 1 states, branches in turn");
  EXPECT_EQ(NameOf(MemoryMode{0, 1, true, true}), "0 blocks, 1 states, branches in turn, autoencoder in slabs");
  EXPECT_EQ(NameOf(MemoryMode{4, 3, false, true}), "4 blocks, 3 states, autoencoder in slabs");
}

TEST(MemoryMode, EachPartTellsItApart) {
  const MemoryMode mode = {20, 5};
  EXPECT_EQ(mode, (MemoryMode{20, 5, false}));
  EXPECT_NE(mode, (MemoryMode{21, 5, false}));
  EXPECT_NE(mode, (MemoryMode{20, 4, false}));
  EXPECT_NE(mode, (MemoryMode{20, 5, true}));
  EXPECT_NE(mode, (MemoryMode{20, 5, false, true}));
}

Prediction SomePrediction() {
  Prediction prediction;
  for (int stage = 0; stage < kStages; ++stage)
    prediction.stages[stage] = {.peak_bytes = 100 + stage, .seconds = 0.5 * stage};
  return prediction;
}

TEST(Prediction, FindsTheStageThatTakesTheMost) {
  Prediction prediction = SomePrediction();
  EXPECT_EQ(prediction.largest(), Stage::kDecode);
  EXPECT_EQ(prediction.peak_bytes(), 104);
  prediction.Of(Stage::kEncode).peak_bytes = 200;
  EXPECT_EQ(prediction.largest(), Stage::kEncode);
  EXPECT_EQ(prediction.peak_bytes(), 200);
}

TEST(Prediction, OfStagesThatTakeTheSameNamesTheFirst) {
  EXPECT_EQ(Prediction().largest(), Stage::kLoad);
  EXPECT_EQ(Prediction().peak_bytes(), 0);
}

TEST(Prediction, SumsTheTimeOfAllStages) {
  EXPECT_EQ(Prediction().seconds(), 0);
  EXPECT_DOUBLE_EQ(SomePrediction().seconds(), 0.5 * (1 + 2 + 3 + 4));
}

TEST(Prediction, NamesItsStages) {
  EXPECT_EQ(NameOf(Stage::kLoad), "loading the weights");
  EXPECT_EQ(NameOf(Stage::kClip), "CLIP");
  EXPECT_EQ(NameOf(Stage::kEncode), "encoding");
  EXPECT_EQ(NameOf(Stage::kDenoise), "denoising");
  EXPECT_EQ(NameOf(Stage::kDecode), "decoding");
}

TEST(MibOf, RoundsUp) {
  constexpr int64_t kMib = 1 << 20;
  EXPECT_EQ(MibOf(0), 0);
  EXPECT_EQ(MibOf(1), 1);
  EXPECT_EQ(MibOf(kMib), 1);
  EXPECT_EQ(MibOf(kMib + 1), 2);
  EXPECT_EQ(MibOf(24576 * kMib), 24576);
  EXPECT_EQ(MibOf(std::numeric_limits<int64_t>::max()), int64_t{1} << 43);
}

}  // namespace
}  // namespace ruyi
