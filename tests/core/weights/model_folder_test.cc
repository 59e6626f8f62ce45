#include "core/weights/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(ModelFolder, OpensThePublishedLayout) {
  const auto folder = ModelFolder::Open(std::filesystem::path(RUYI_SOURCE_DIR) / "models" / "ruyi-tiny");
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_TRUE(std::filesystem::is_directory(folder->transformer));
  EXPECT_TRUE(std::filesystem::is_directory(folder->vae));
  EXPECT_TRUE(std::filesystem::is_directory(folder->image_encoder));
  EXPECT_TRUE(std::filesystem::is_regular_file(folder->scheduler_config));
  EXPECT_TRUE(std::filesystem::is_regular_file(folder->embeddings));
}

TEST(ModelFolder, NamesAllThatIsMissing) {
  const TemporaryFolder folder;
  folder.Write("vae/config.json", "{}");
  const absl::Status status = ModelFolder::Open(folder.path()).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("transformer/config.json"), HasSubstr("image_encoder/config.json"),
                    HasSubstr("image_encoder/preprocessor_config.json"), HasSubstr("scheduler/scheduler_config.json"),
                    HasSubstr("embeddings.safetensors"), Not(HasSubstr("vae/config.json"))));
}

TEST(ModelFolder, WithoutAFolderIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(ModelFolder::Open("no/such/folder").status()));
}

}  // namespace
}  // namespace ruyi
