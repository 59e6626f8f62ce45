#include <ATen/TensorOperators.h>
#include <ATen/core/TensorBody.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/model/vae/vae_copy.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kSide = 16;

TEST(VaeEncoderChunks, AreOfTheConfiguredLength) {
  EXPECT_THAT(SliceVae().EncoderChunks(8), ElementsAre(VaeChunk{0, 8}));
  EXPECT_THAT(SliceVae().EncoderChunks(24), ElementsAre(VaeChunk{0, 8}, VaeChunk{8, 8}, VaeChunk{16, 8}));
  EXPECT_THAT(SliceVae().EncoderChunks(10), ElementsAre(VaeChunk{0, 8}, VaeChunk{8, 2}));
}

TEST(VaeEncoderChunks, PutTheFirstFrameOfAnOddClipAlone) {
  for (const Vae* vae : {&SliceVae(), &CacheVae()}) {
    EXPECT_THAT(vae->EncoderChunks(1), ElementsAre(VaeChunk{0, 1}));
    EXPECT_THAT(vae->EncoderChunks(9), ElementsAre(VaeChunk{0, 1}, VaeChunk{1, 8}));
    EXPECT_THAT(vae->EncoderChunks(17), ElementsAre(VaeChunk{0, 1}, VaeChunk{1, 8}, VaeChunk{9, 8}));
    EXPECT_THAT(vae->EncoderChunks(13), ElementsAre(VaeChunk{0, 1}, VaeChunk{1, 8}, VaeChunk{9, 4}));
  }
}

TEST(VaeEncoderChunks, DependOnTheTemporalMode) {
  const TemporaryFolder folder;
  CopyVae("tiny", {{"slice_compression_vae", false}, {"slice_mag_vae", true}, {"mini_batch_encoder", 9}}, folder);
  EXPECT_THAT(LoadVae(folder.path()).EncoderChunks(19), ElementsAre(VaeChunk{0, 9}, VaeChunk{9, 9}, VaeChunk{18, 1}));
  folder.Write("config.json", [&] {
    nlohmann::json config = *ReadJsonFile(folder.path() / "config.json");
    config["slice_mag_vae"] = false;
    return config.dump();
  }());
  EXPECT_THAT(LoadVae(folder.path()).EncoderChunks(19), ElementsAre(VaeChunk{0, 19}));
}

TEST(VaeEncode, GivesMomentsOfEightTimesLessPixelsAndFourTimesLessFrames) {
  for (const Vae* vae : {&SliceVae(), &CacheVae()}) {
    EXPECT_EQ(vae->EncodeChunk(Random({2, 3, 8, kSide, 24}))->sizes(), (std::vector<int64_t>{2, 32, 2, 2, 3}));
    EXPECT_EQ(vae->EncodeChunk(Random({1, 3, 1, kSide, kSide}))->sizes(), (std::vector<int64_t>{1, 32, 1, 2, 2}));
    EXPECT_EQ(vae->EncodeMoments(Random({1, 3, 17, kSide, kSide})).size(2), 1 + 2 + 2);
  }
}

TEST(VaeEncode, EqualChunksHaveEqualMoments) {
  const at::Tensor chunk = Random({1, 3, 8, kSide, kSide});
  const at::Tensor other = Random({1, 3, 8, kSide, kSide}, 6);
  for (const Vae* vae : {&SliceVae(), &CacheVae()}) {
    const at::Tensor moments = vae->EncodeMoments(at::cat({chunk, other, chunk}, 2));
    EXPECT_TRUE(at::equal(moments.narrow(2, 0, 2), moments.narrow(2, 4, 2)));
    EXPECT_TRUE(at::equal(moments.narrow(2, 0, 2), *vae->EncodeChunk(chunk)));
    EXPECT_FALSE(at::allclose(moments.narrow(2, 0, 2), moments.narrow(2, 2, 2)));
  }
}

TEST(VaeEncode, ClipsOfABatchDoNotMeet) {
  const at::Tensor first = Random({1, 3, 8, kSide, kSide});
  const at::Tensor second = Random({1, 3, 8, kSide, kSide}, 6);
  for (const Vae* vae : {&SliceVae(), &CacheVae()}) {
    const at::Tensor both = *vae->EncodeChunk(at::cat({first, second}));
    EXPECT_TRUE(at::allclose(both.narrow(0, 0, 1), *vae->EncodeChunk(first), 1e-4, 1e-5));
    EXPECT_TRUE(at::allclose(both.narrow(0, 1, 1), *vae->EncodeChunk(second), 1e-4, 1e-5));
  }
}

TEST(VaeEncode, TakesAnyFloatType) {
  const at::Tensor chunk = Random({1, 3, 8, kSide, kSide});
  const at::Tensor moments = *SliceVae().EncodeChunk(chunk.to(at::kDouble));
  EXPECT_EQ(moments.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(moments, *SliceVae().EncodeChunk(chunk)));
}

TEST(VaeEncode, ComputesInItsPlacementUnlessTheConfigAsksForFloat32) {
  const at::Tensor chunk = Random({1, 3, 8, kSide, kSide});
  const TensorPlacement half = {.dtype = c10::kBFloat16};
  EXPECT_EQ(LoadVae(VaeFolder("tiny"), half).EncodeChunk(chunk)->scalar_type(), at::kBFloat16);
  const TemporaryFolder folder;
  CopyVae("tiny", {{"upcast_vae", true}}, folder);
  EXPECT_TRUE(at::equal(*LoadVae(folder.path(), half).EncodeChunk(chunk), *SliceVae().EncodeChunk(chunk)));
}

class VaeLoading : public testing::Test {
 protected:
  VaeLoading() { CopyVae("tiny", nlohmann::json::object(), folder_); }

  absl::Status Load() {
    std::vector<std::string> unused;
    return Vae::Load(folder_.path(), {}, &unused).status();
  }

  void Configure(const std::string& key, const nlohmann::json& value) {
    nlohmann::json config = *ReadJsonFile(folder_.path() / "config.json");
    config[key] = value;
    folder_.Write("config.json", config.dump());
  }

  const TemporaryFolder folder_;
};

TEST_F(VaeLoading, WithoutConfigIsNotFound) {
  std::filesystem::remove(folder_.path() / "config.json");
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(VaeLoading, ABrokenConfigIsDataLoss) {
  folder_.Write("config.json", "[1, 2]");
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(VaeLoading, AnUnbuiltFeatureIsRefused) {
  Configure("use_gc_blocks", {true});
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("use_gc_blocks")));
}

TEST_F(VaeLoading, WithoutWeightsIsNotFound) {
  std::filesystem::remove(folder_.path() / "diffusion_pytorch_model.safetensors");
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(VaeLoading, DamagedWeightsAreDataLoss) {
  std::filesystem::resize_file(folder_.path() / "diffusion_pytorch_model.safetensors", 1000);
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(VaeLoading, WeightsOfAnotherConfigAreRefused) {
  Configure("layers_per_block", 2);
  EXPECT_THAT(Load(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'encoder.mid_block.convs.1.conv1.weight'")));
}

TEST_F(VaeLoading, KeepsTheUnusedNamesOfOtherParts) {
  std::vector<std::string> unused = {"earlier"};
  ASSERT_THAT(Vae::Load(folder_.path(), {}, &unused), IsOk());
  EXPECT_THAT(unused, ElementsAre("earlier"));
}

}  // namespace
}  // namespace ruyi
