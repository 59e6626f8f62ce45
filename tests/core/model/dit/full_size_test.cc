// The full-size parts, by the names and shapes of their manifests: files without a byte of data, loaded on the device
// "meta", which has shapes only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/json/json_file.h"
#include "core/model/clip_vision/clip_vision_model.h"
#include "core/model/dit/dit.h"
#include "core/model/vae/vae.h"
#include "tests/core/weights/safetensors_bytes.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

// One part of the model: its manifest, its weights' file, a tensor of it, and what loads it.
struct Part {
  std::string name;  // as GoogleTest wants it
  std::string manifest;
  std::string weights;
  std::string tensor;
  std::function<absl::Status(const std::filesystem::path&, const TensorPlacement&, std::vector<std::string>*)> load;
};

void PrintTo(const Part& part, std::ostream* out) {
  *out << part.name;
}

// Writes a file as the model is published: BF16, the tensors of the manifest one after the other. After its header the
// file is one hole.
void WriteSparse(const TemporaryFolder& folder, const std::string& name, const json& shapes) {
  json header = json::object();
  int64_t end = 0;
  for (const auto& [tensor, shape] : shapes.items()) {
    int64_t bytes = 2;
    for (const int64_t extent : shape)
      bytes *= extent;
    header[tensor] = {{"dtype", "BF16"}, {"shape", shape}, {"data_offsets", {end, end + bytes}}};
    end += bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::filesystem::path path = folder.Write(name, SafetensorsBytes(text, ""));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + end);
}

class FullSize : public testing::TestWithParam<Part> {
 protected:
  FullSize() {
    const std::filesystem::path folder = std::filesystem::path(RUYI_SOURCE_DIR) / "tests" / "golden" / "manifest";
    manifest_ = *ReadJsonFile(folder / GetParam().manifest);
    folder_.Write("config.json", manifest_["config"].dump());
  }

  absl::Status Load() {
    WriteSparse(folder_, GetParam().weights, manifest_["tensors"]);
    const TensorPlacement placement = {.device = c10::Device(c10::kMeta), .dtype = c10::kBFloat16};
    return GetParam().load(folder_.path(), placement, &unused_);
  }

  const TemporaryFolder folder_;
  json manifest_;
  std::vector<std::string> unused_;
};

TEST_P(FullSize, LoadsEveryTensorOfTheManifest) {
  EXPECT_THAT(Load(), IsOk());
  EXPECT_THAT(unused_, IsEmpty());
}

TEST_P(FullSize, NamesAMissingTensor) {
  ASSERT_EQ(manifest_["tensors"].erase(GetParam().tensor), 1);
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("'" + GetParam().tensor + "' is missing"), HasSubstr("1 tensors"))));
}

TEST_P(FullSize, NamesATensorOfAnotherShape) {
  manifest_["tensors"][GetParam().tensor][0] = 3;
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("'" + GetParam().tensor + "' has shape [3"), HasSubstr("1 tensors"))));
}

TEST_P(FullSize, NamesATensorThatNoLayerUses) {
  manifest_["tensors"]["from.another.model"] = {2, 3};
  EXPECT_THAT(Load(), IsOk());
  EXPECT_THAT(unused_, testing::ElementsAre("from.another.model"));
}

const Part kParts[] = {
    {"Transformer", "transformer_7b.json", "diffusion_pytorch_model.safetensors", "blocks.39.attn_clip.to_out.0.weight",
     [](const auto& folder, const TensorPlacement& placement, auto* unused) {
       return Dit::Load(folder, placement, {}, unused).status();
     }},
    {"Autoencoder", "vae_246m.json", "diffusion_pytorch_model.safetensors", "decoder.up_blocks.3.convs.2.conv2.weight",
     [](const auto& folder, const TensorPlacement& placement, auto* unused) {
       return Vae::Load(folder, placement, unused).status();
     }},
    {"ImageEncoder", "clip_vit_l_14.json", "model.safetensors", "vision_model.encoder.layers.23.mlp.fc2.weight",
     [](const auto& folder, const TensorPlacement& placement, auto* unused) {
       return LoadClipVisionModel(folder, placement, unused).status();
     }},
};
std::string NameOf(const testing::TestParamInfo<Part>& part) {
  return part.param.name;
}

INSTANTIATE_TEST_SUITE_P(Parts, FullSize, testing::ValuesIn(kParts), NameOf);

}  // namespace
}  // namespace ruyi
