#include "core/weights/model_digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "core/digest/sha256.h"
#include "core/json/json_file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

class ModelDigestTest : public testing::Test {
 protected:
  ModelDigestTest() {
    Write("serving.json", "{}");
    Write("transformer/x.safetensors", "weights");
    Write("transformer/config.json", "{}");
  }

  // A file that nobody touches any more.
  void Write(const std::string& name, const std::string& bytes) const {
    std::filesystem::last_write_time(folder_.Write("model/" + name, bytes), long_ago_);
  }

  std::string Digest(const std::filesystem::path& cache = {}) const {
    const absl::StatusOr<std::string> digest = ModelDigest(folder_.path() / "model", cache);
    EXPECT_THAT(digest, IsOk());
    return digest.value_or("");
  }

  const TemporaryFolder folder_;
  const std::filesystem::file_time_type long_ago_ =
      std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  const std::filesystem::path cache_ = folder_.path() / "cache" / "digests.json";
};

TEST_F(ModelDigestTest, IsThatOfWhatSha256sumPrints) {
  const std::string lines = Sha256Hex("{}") + "  serving.json\n" + Sha256Hex("{}") + "  transformer/config.json\n" +
                            Sha256Hex("weights") + "  transformer/x.safetensors\n";
  EXPECT_EQ(Digest(), Sha256Hex(lines));
}

TEST_F(ModelDigestTest, DependsOnNamesAndContentsOfTheModelsFilesAlone) {
  const std::string first = Digest();
  Write("README.md", "x");
  Write(".hidden.json", "x");
  Write("transformer/.hidden.safetensors", "x");
  Write("notes/x.json", "x");
  EXPECT_EQ(Digest(), first);
  Write("vae/config.json", "{}");
  const std::string second = Digest();
  EXPECT_NE(second, first);
  Write("vae/config.json", "{ }");
  EXPECT_NE(Digest(), second);
}

TEST_F(ModelDigestTest, TakesLargeFilesWhole) {
  const std::string large(3 << 20, 'a');
  Write("transformer/x.safetensors", large);
  const std::string first = Digest();
  Write("transformer/x.safetensors", large.substr(1) + "b");
  EXPECT_NE(Digest(), first);
}

// The same size at the same time in the same place: only who reads the file sees the difference.
TEST_F(ModelDigestTest, DoesNotReadAgainWhatTheCacheKnows) {
  const std::string first = Digest(cache_);
  Write("transformer/x.safetensors", "weightz");
  EXPECT_EQ(Digest(cache_), first);
  EXPECT_NE(Digest(), first);
}

TEST_F(ModelDigestTest, ReadsAgainWhatTheCacheKnowsOtherwise) {
  const std::string first = Digest(cache_);
  Write("transformer/x.safetensors", "longer weights");
  EXPECT_EQ(Digest(cache_), Digest());
  EXPECT_NE(Digest(cache_), first);
}

TEST_F(ModelDigestTest, DoesNotKeepWhatMayStillChange) {
  const auto soon = std::filesystem::file_time_type::clock::now() + std::chrono::hours(1);
  const std::filesystem::path weights = folder_.path() / "model/transformer/x.safetensors";
  std::filesystem::last_write_time(weights, soon);
  const std::string first = Digest(cache_);
  Write("transformer/x.safetensors", "weightz");
  std::filesystem::last_write_time(weights, soon);
  EXPECT_NE(Digest(cache_), first);
}

TEST_F(ModelDigestTest, ADamagedCacheIsAsGoodAsNone) {
  for (const char* text : {"{", "[]", R"({"serving.json": 1})", R"({"serving.json": {"size": "x"}})"}) {
    folder_.Write("cache/digests.json", text);
    EXPECT_EQ(Digest(cache_), Digest());
  }
}

TEST_F(ModelDigestTest, ACacheThatCannotBeWrittenIsNoError) {
  EXPECT_EQ(Digest(folder_.Write("file", "x") / "digests.json"), Digest());
}

TEST_F(ModelDigestTest, WithoutAModelIsNotFound) {
  EXPECT_THAT(ModelDigest(folder_.path() / "none", {}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
  EXPECT_THAT(ModelDigest(folder_.path(), {}), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace ruyi
