// Tests FileArtifactStore against what every store must do.
#include <filesystem>

#include "core/artifact/files/file_artifact_store.h"
#include "tests/core/artifact/artifact_store_conformance.h"
#include "tests/core/artifact/files/damage.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

class FileStores final : public StoresOfTest {
 public:
  std::unique_ptr<ArtifactStore> Open(const Clock& clock, std::optional<int64_t> max_bytes) override {
    auto store = FileArtifactStore::Open(folder_.path().string(),
                                         {.blob_ttl = kBlobTtl, .limits = {.max_bytes = max_bytes}}, clock);
    EXPECT_THAT(store, IsOk());
    return *std::move(store);
  }

  void DamageBlob(const std::string& sha256) override {
    FlipBit(folder_.path() / "blobs" / sha256.substr(0, 2) / sha256, 0);
  }

  void DamageResult(const std::string& job_id, int64_t offset) override { FlipBit(FileOf(job_id), offset); }

  void ShortenResult(const std::string& job_id) override {
    std::filesystem::resize_file(FileOf(job_id), std::filesystem::file_size(FileOf(job_id)) - 1);
  }

 private:
  std::filesystem::path FileOf(const std::string& job_id) const {
    return folder_.path() / "results" / (job_id + ".mp4");
  }

  const TemporaryFolder folder_;
};

std::unique_ptr<StoresOfTest> MakeFileStores() {
  return std::make_unique<FileStores>();
}

INSTANTIATE_TEST_SUITE_P(Files, ArtifactStoreConformance, testing::Values(&MakeFileStores));

}  // namespace
}  // namespace ruyi
