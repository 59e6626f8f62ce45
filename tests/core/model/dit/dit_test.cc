#include "core/model/dit/dit.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/max.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/json/json_file.h"
#include "core/model/dit/rotary.h"
#include "core/tensor/random_streams.h"
#include "core/weights/safetensors_file.h"
#include "tests/core/model/dit/tiny_dit.h"
#include "tests/core/weights/safetensors_bytes.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

DitConditions Row(const DitConditions& conditions, int64_t row) {
  const auto take = [&](const at::Tensor& tensor) { return tensor.narrow(0, row, 1); };
  return {.text = take(conditions.text),
          .text_mask = take(conditions.text_mask),
          .t5 = take(conditions.t5),
          .t5_mask = take(conditions.t5_mask),
          .sizes = take(conditions.sizes),
          .clip_tokens = take(conditions.clip_tokens),
          .clip_mask = take(conditions.clip_mask)};
}

TEST(Dit, StepsPreparedTogetherEqualStepsPreparedAlone) {
  Draws draw;
  const DitConfig& config = Tiny().config();
  const DitConditions conditions = draw.Conditions(config, 1);
  const at::Tensor latents = draw.Latents(config, 1);
  const DitContext both = Tiny().Prepare(conditions, Schedule(config, {900, 20}, 1));
  const at::Tensor first = Tiny().Forward(latents, both, {.index = 0});
  const at::Tensor second = Tiny().Forward(latents, both, {.index = 1});
  const DitContext first_alone = Tiny().Prepare(conditions, Schedule(config, {900}, 1));
  const DitContext second_alone = Tiny().Prepare(conditions, Schedule(config, {20}, 1));
  EXPECT_THAT(first, IsCloseTo(Tiny().Forward(latents, first_alone, {})));
  EXPECT_THAT(second, IsCloseTo(Tiny().Forward(latents, second_alone, {})));
  EXPECT_THAT(first, Not(IsCloseTo(second)));
}

TEST(Dit, StepsOfOneContextDoNotMeet) {
  Draws draw;
  const DitConfig& config = Tiny().config();
  const at::Tensor latents = draw.Latents(config, 1);
  const DitContext context = Tiny().Prepare(draw.Conditions(config, 1), Schedule(config, {900, 20}, 1));
  const at::Tensor before = Tiny().Forward(latents, context, {.index = 0});
  Tiny().Forward(draw.Latents(config, 1), context, {.index = 1, .with_clip = false});
  EXPECT_TRUE(at::equal(Tiny().Forward(latents, context, {.index = 0}), before));
}

TEST(Dit, WithoutClipEqualsAMaskThatHidesThePicture) {
  Draws draw;
  const DitConfig& config = Tiny().config();
  DitConditions conditions = draw.Conditions(config, 2);
  const at::Tensor latents = draw.Latents(config, 2);
  const DitSchedule schedule = Schedule(config, {500}, 2);
  const DitContext shown = Tiny().Prepare(conditions, schedule);
  conditions.clip_mask = at::zeros_like(conditions.clip_mask);
  const DitContext hidden = Tiny().Prepare(conditions, schedule);
  const at::Tensor without = Tiny().Forward(latents, shown, {.with_clip = false});
  EXPECT_THAT(without, IsCloseTo(Tiny().Forward(latents, hidden, {.with_clip = true})));
  EXPECT_THAT(without, Not(IsCloseTo(Tiny().Forward(latents, shown, {.with_clip = true}))));
}

TEST(Dit, RequestsOfABatchDoNotMeet) {
  Draws draw;
  const DitConfig& config = Tiny().config();
  DitConditions conditions = draw.Conditions(config, 2);
  conditions.clip_mask = at::cat({at::zeros({1, config.clip_queries}), at::ones({1, config.clip_queries})});
  const at::Tensor latents = draw.Latents(config, 2);
  const at::Tensor both = Tiny().Forward(latents, Tiny().Prepare(conditions, Schedule(config, {700}, 2)), {});
  ASSERT_EQ(both.sizes(), (std::vector<int64_t>{2, config.out_channels, kFrames, kSide, kSide}));
  for (const int64_t row : {0, 1}) {
    const DitContext alone = Tiny().Prepare(Row(conditions, row), Schedule(config, {700}, 1));
    EXPECT_THAT(both.narrow(0, row, 1), IsCloseTo(Tiny().Forward(latents.narrow(0, row, 1), alone, {})));
  }
}

TEST(Dit, TimestepsOfABatchMayDiffer) {
  Draws draw;
  const DitConfig& config = Tiny().config();
  const DitConditions conditions = draw.Conditions(config, 2);
  const at::Tensor latents = draw.Latents(config, 2);
  DitSchedule schedule = Schedule(config, {0}, 2);
  schedule.timesteps = at::tensor({900.f, 20.f}).view({1, 2});
  const at::Tensor both = Tiny().Forward(latents, Tiny().Prepare(conditions, schedule), {});
  const DitContext second = Tiny().Prepare(Row(conditions, 1), Schedule(config, {20}, 1));
  EXPECT_THAT(both.narrow(0, 1, 1), IsCloseTo(Tiny().Forward(latents.narrow(0, 1, 1), second, {})));
}

TEST(Dit, HiddenTextDoesNotCount) {
  Draws draw;
  const DitConfig& config = Tiny().config();
  DitConditions conditions = draw.Conditions(config, 1);
  conditions.text_mask = at::zeros({1, config.text_length});
  const at::Tensor latents = draw.Latents(config, 1);
  const DitSchedule schedule = Schedule(config, {500}, 1);
  const at::Tensor before = Tiny().Forward(latents, Tiny().Prepare(conditions, schedule), {});
  conditions.text = draw(conditions.text.sizes());
  EXPECT_THAT(Tiny().Forward(latents, Tiny().Prepare(conditions, schedule), {}), IsCloseTo(before));
  conditions.text_mask = at::ones({1, config.text_length});
  EXPECT_THAT(Tiny().Forward(latents, Tiny().Prepare(conditions, schedule), {}), Not(IsCloseTo(before)));
}

TEST(Dit, MasksMayBeOfAnyType) {
  Draws draw;
  const DitConfig& config = Tiny().config();
  DitConditions conditions = draw.Conditions(config, 1);
  const at::Tensor latents = draw.Latents(config, 1);
  const DitSchedule schedule = Schedule(config, {500}, 1);
  const at::Tensor before = Tiny().Forward(latents, Tiny().Prepare(conditions, schedule), {});
  conditions.text_mask = conditions.text_mask.to(at::kLong);
  conditions.t5_mask = conditions.t5_mask.to(at::kFloat);
  EXPECT_TRUE(at::equal(Tiny().Forward(latents, Tiny().Prepare(conditions, schedule), {}), before));
}

TEST(Dit, FramesHavePlacesUnlessThereIsOne) {
  Draws draw;
  const DitConfig& config = Tiny().config();
  const DitConditions conditions = draw.Conditions(config, 1);
  const DitContext one = Tiny().Prepare(conditions, Schedule(config, {500}, 1, 1));
  EXPECT_FALSE(one.frame_positions.defined());
  EXPECT_EQ(Tiny().Forward(draw.Latents(config, 1, 1), one, {}).size(2), 1);
  const DitContext two = Tiny().Prepare(conditions, Schedule(config, {500}, 1, 2));
  EXPECT_TRUE(two.frame_positions.defined());
}

// Equal frames come out equal when nothing tells them apart.
TEST(Dit, FramePlacesTellEqualFramesApart) {
  const TemporaryFolder folder;
  json config = *ReadJsonFile(kModel / "config.json");
  config["time_position_encoding"] = false;
  folder.Write("config.json", config.dump());
  std::filesystem::copy_file(kModel / kWeights, folder.path() / kWeights);
  const Dit without = LoadOrDie(folder.path());
  Draws draw;
  const DitConditions conditions = draw.Conditions(Tiny().config(), 1);
  const at::Tensor latents = draw.Latents(Tiny().config(), 1, 1).expand({-1, -1, 2, -1, -1});
  for (const auto& [dit, equal] : std::map<const Dit*, bool>{{&without, true}, {&Tiny(), false}}) {
    const at::Tensor out = dit->Forward(latents, dit->Prepare(conditions, Schedule(dit->config(), {500}, 1)), {});
    EXPECT_EQ(at::allclose(out.select(2, 0), out.select(2, 1), kTolerance, kTolerance), equal);
  }
}

TEST(Dit, ComputesInItsPlacement) {
  std::vector<std::string> unused;
  ASSERT_OK_AND_ASSIGN(const Dit dit, Dit::Load(kModel, {.dtype = c10::kBFloat16}, {}, &unused));
  Draws draw;
  const DitConfig& config = dit.config();
  const DitConditions conditions = draw.Conditions(config, 1);
  const at::Tensor latents = draw.Latents(config, 1);
  const DitSchedule schedule = Schedule(config, {500}, 1);
  const at::Tensor out = dit.Forward(latents, dit.Prepare(conditions, schedule), {});
  EXPECT_EQ(out.scalar_type(), at::kBFloat16);
  const at::Tensor exact = Tiny().Forward(latents, Tiny().Prepare(conditions, schedule), {});
  EXPECT_LT((out.to(at::kFloat) - exact).abs().max().item<double>(), 0.1 * exact.abs().max().item<double>());
}

std::string BytesOf(const at::Tensor& tensor) {
  const at::Tensor floats = tensor.to(at::kFloat).contiguous();
  return std::string(reinterpret_cast<const char*>(floats.const_data_ptr()), floats.nbytes());
}

// A transformer that predicts all of its input has no CLIP branch: the tiny one without it, with a wider last layer.
void WriteModelWithoutClip(const TemporaryFolder& folder) {
  json config = *ReadJsonFile(kModel / "config.json");
  config["in_channels"] = 48;
  config["out_channels"] = 96;
  folder.Write("config.json", config.dump());
  const SafetensorsFile file = *SafetensorsFile::Open(kModel / kWeights);
  std::vector<StoredTensor> tensors;
  for (const auto& [name, entry] : file.entries()) {
    at::Tensor tensor = *file.Get(name);
    if (name.find("clip") != std::string::npos)
      continue;
    if (name == "proj_out.weight")
      tensor = tensor.repeat({3, 1});
    if (name == "proj_out.bias")
      tensor = tensor.repeat({3});
    tensors.push_back({name, "F32", tensor.sizes().vec(), BytesOf(tensor)});
  }
  folder.Write(kWeights, SafetensorsBytes(tensors));
}

TEST(Dit, WithoutClipNeedsNoPicture) {
  const TemporaryFolder folder;
  WriteModelWithoutClip(folder);
  const Dit dit = LoadOrDie(folder.path());
  ASSERT_FALSE(dit.config().has_clip);
  Draws draw;
  DitConditions conditions = draw.Conditions(dit.config(), 2);
  conditions.clip_tokens = at::Tensor();
  conditions.clip_mask = at::Tensor();
  const DitContext context = dit.Prepare(conditions, Schedule(dit.config(), {900, 20}, 2));
  const at::Tensor latents = draw.Latents(dit.config(), 2);
  const at::Tensor out = dit.Forward(latents, context, {.index = 1});
  EXPECT_EQ(out.sizes(), (std::vector<int64_t>{2, 96, kFrames, kSide, kSide}));
  EXPECT_TRUE(at::isfinite(out).all().item<bool>());
  EXPECT_TRUE(at::equal(dit.Forward(latents, context, {.index = 1, .with_clip = false}), out));
}

TEST(Dit, TensorsOfTheClipBranchAreUnusedWithoutIt) {
  const TemporaryFolder folder;
  WriteModelWithoutClip(folder);
  std::vector<StoredTensor> tensors = {{"clip_padding", "F32", {1}, BytesOf(at::zeros({1}))}};
  const SafetensorsFile file = *SafetensorsFile::Open(folder.path() / kWeights);
  for (const auto& [name, entry] : file.entries())
    tensors.push_back({name, "F32", entry.shape, BytesOf(*file.Get(name))});
  const std::string bytes = SafetensorsBytes(tensors);
  std::filesystem::remove(folder.path() / kWeights);  // it is mapped, so it must not be written in place
  folder.Write(kWeights, bytes);
  std::vector<std::string> unused = {"earlier"};
  ASSERT_THAT(Dit::Load(folder.path(), {}, {}, &unused), IsOk());
  EXPECT_THAT(unused, testing::ElementsAre("earlier", "clip_padding"));
}

class DitLoading : public testing::Test {
 protected:
  DitLoading() { std::filesystem::copy(kModel, folder_.path(), std::filesystem::copy_options::recursive); }

  absl::Status Load() {
    std::vector<std::string> unused;
    return Dit::Load(folder_.path(), {}, {}, &unused).status();
  }

  const TemporaryFolder folder_;
};

TEST_F(DitLoading, WithoutConfigIsNotFound) {
  std::filesystem::remove(folder_.path() / "config.json");
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DitLoading, ABrokenConfigIsDataLoss) {
  folder_.Write("config.json", "{");
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(DitLoading, AConfigOfAnotherModelIsRefused) {
  folder_.Write("config.json", R"({"in_channels": 4, "num_layers": 3})");
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("num_layers")));
}

TEST_F(DitLoading, WithoutWeightsIsNotFound) {
  std::filesystem::remove(folder_.path() / kWeights);
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DitLoading, DamagedWeightsAreDataLoss) {
  std::filesystem::resize_file(folder_.path() / kWeights, 1000);
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(DitLoading, WeightsOfAnotherConfigAreRefused) {
  json config = *ReadJsonFile(folder_.path() / "config.json");
  config["num_layers"] = 8;
  folder_.Write("config.json", config.dump());
  EXPECT_THAT(Load(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'blocks.7.attn1.to_q.weight' is missing")));
}

}  // namespace
}  // namespace ruyi
