// The branches of guidance one after the other through each block, against both as one batch.
#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/model/dit/dit.h"
#include "tests/core/model/dit/tiny_dit.h"

namespace ruyi {
namespace {

using testing::IsEmpty;
using testing::Not;

const std::vector<float> kTimesteps = {980, 900, 890, 600, 590, 580, 20};

// The same for every model.
class Branches {
 public:
  const at::Tensor& latents() const { return latents_; }

  // These return contexts that `dit` has prepared: one for both branches, or one for each.
  std::vector<DitContext> AsBatch(const Dit& dit) const {
    return {dit.Prepare(conditions_, Schedule(dit.config(), kTimesteps, 2))};
  }
  std::vector<DitContext> InTurn(const Dit& dit) const {
    return dit.Prepare({conditions_.Branch(0), conditions_.Branch(1)}, Schedule(dit.config(), kTimesteps, 1));
  }

 private:
  Draws draw_;
  DitConditions conditions_ = draw_.Conditions(Tiny().config(), 2);
  at::Tensor latents_ = draw_.Latents(Tiny().config(), 2);
};

// Returns what `dit` makes of every timestep, while the latents move a little from one to the next.
std::vector<at::Tensor> AllSteps(const Dit& dit, const at::Tensor& latents, const std::vector<DitContext>& batches,
                                 TeaCache* cache = nullptr) {
  std::vector<at::Tensor> outputs;
  for (int64_t i = 0; i < static_cast<int64_t>(kTimesteps.size()); ++i)
    outputs.push_back(dit.Forward(latents * (1 + 0.01 * i), batches, {.index = i, .cache = cache}));
  return outputs;
}

TEST(DitBranches, AreTakenFromTheConditionsOfBoth) {
  Draws draw;
  const DitConditions both = draw.Conditions(Tiny().config(), 2);
  for (const int64_t row : {0, 1}) {
    const DitConditions one = both.Branch(row);
    EXPECT_TRUE(at::equal(one.text, both.text.narrow(0, row, 1)));
    EXPECT_TRUE(at::equal(one.text_mask, both.text_mask.narrow(0, row, 1)));
    EXPECT_TRUE(at::equal(one.t5, both.t5.narrow(0, row, 1)));
    EXPECT_TRUE(at::equal(one.t5_mask, both.t5_mask.narrow(0, row, 1)));
    EXPECT_TRUE(at::equal(one.sizes, both.sizes.narrow(0, row, 1)));
    EXPECT_TRUE(at::equal(one.clip_tokens, both.clip_tokens.narrow(0, row, 1)));
    EXPECT_TRUE(at::equal(one.clip_mask, both.clip_mask.narrow(0, row, 1)));
  }
}

TEST(DitBranches, MayLackAPicture) {
  Draws draw;
  DitConditions both = draw.Conditions(Tiny().config(), 2);
  both.clip_tokens = at::Tensor();
  EXPECT_FALSE(both.Branch(1).clip_tokens.defined());
}

TEST(DitBranches, InTurnGiveWhatTheBatchGives) {
  const Branches branches;
  const std::vector<at::Tensor> batch = AllSteps(Tiny(), branches.latents(), branches.AsBatch(Tiny()));
  const std::vector<at::Tensor> in_turn = AllSteps(Tiny(), branches.latents(), branches.InTurn(Tiny()));
  for (size_t i = 0; i < batch.size(); ++i)
    EXPECT_THAT(in_turn[i], IsCloseTo(batch[i])) << i;
}

TEST(DitBranches, InTurnGiveWhatEachGivesAlone) {
  const Branches branches;
  const std::vector<DitContext> contexts = branches.InTurn(Tiny());
  const at::Tensor both = Tiny().Forward(branches.latents(), contexts, {.index = 3});
  for (const int64_t row : {0, 1}) {
    const at::Tensor alone = Tiny().Forward(branches.latents().narrow(0, row, 1), contexts[row], {.index = 3});
    EXPECT_TRUE(at::equal(both.narrow(0, row, 1), alone)) << row;
  }
  EXPECT_THAT(both.narrow(0, 0, 1), Not(IsCloseTo(both.narrow(0, 1, 1))));
}

TEST(DitBranches, TakenFromTheBatchsContextGiveWhatEachGivesAlone) {
  const Branches branches;
  const DitContext batch = branches.AsBatch(Tiny()).front();
  const std::vector<DitContext> in_turn = branches.InTurn(Tiny());
  for (const int64_t row : {0, 1}) {
    for (const bool with_clip : {false, true}) {
      const at::Tensor latents = branches.latents().narrow(0, row, 1);
      const DitStep step = {.index = 3, .with_clip = with_clip};
      const at::Tensor alone = Tiny().Forward(latents, in_turn[row], step);
      EXPECT_THAT(Tiny().Forward(latents, batch.Branch(row), step), IsCloseTo(alone)) << row;
      EXPECT_TRUE(at::equal(Tiny().Forward(latents, in_turn[row].Branch(0), step), alone)) << row;
    }
  }
}

TEST(DitBranches, InTurnGiveTheSameWhereverWeightsAndStatesLie) {
  const Branches branches;
  const std::vector<at::Tensor> expected = AllSteps(Tiny(), branches.latents(), branches.InTurn(Tiny()));
  for (int64_t blocks = 0; blocks <= Tiny().config().layers; ++blocks) {
    for (const int64_t states : {1, 2, 9}) {
      DitSettings settings = Tiny().settings();
      settings.memory = {.resident_blocks = blocks, .resident_states = states};
      const Dit dit = Tiny().With(settings);
      const std::vector<at::Tensor> steps = AllSteps(dit, branches.latents(), branches.InTurn(dit));
      for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_TRUE(at::equal(steps[i], expected[i])) << blocks << " blocks, " << states << " states, step " << i;
    }
  }
}

// One score for both branches: neither is left out without the other.
TEST(DitBranches, InTurnTeaCacheDecidesAsWithTheBatch) {
  const Branches branches;
  const TeaCacheOptions options = {.threshold = 0.1};
  const int steps = static_cast<int>(kTimesteps.size());
  TeaCache of_batch(options, steps);
  TeaCache of_turns(options, steps);
  const std::vector<at::Tensor> batch = AllSteps(Tiny(), branches.latents(), branches.AsBatch(Tiny()), &of_batch);
  const std::vector<at::Tensor> in_turn = AllSteps(Tiny(), branches.latents(), branches.InTurn(Tiny()), &of_turns);
  EXPECT_THAT(of_batch.skipped(), Not(IsEmpty()));
  EXPECT_LT(of_batch.skipped().size(), kTimesteps.size() - 2);  // not all that it may
  EXPECT_EQ(of_turns.skipped(), of_batch.skipped());
  for (size_t i = 0; i < batch.size(); ++i)
    EXPECT_THAT(in_turn[i], IsCloseTo(batch[i])) << i;
}

}  // namespace
}  // namespace ruyi
