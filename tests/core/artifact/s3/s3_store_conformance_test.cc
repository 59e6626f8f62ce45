// Tests S3ArtifactStore against what every store must do.
#include "tests/core/artifact/artifact_store_conformance.h"
#include "tests/core/artifact/s3/s3_place.h"

namespace ruyi {
namespace {

class S3Stores final : public StoresOfTest {
 public:
  std::unique_ptr<ArtifactStore> Open(const Clock& clock, std::optional<int64_t> max_bytes) override {
    return place_.Open(clock, {.blob_ttl = kBlobTtl, .max_bytes = max_bytes, .sweep_interval = absl::ZeroDuration()});
  }

  void DamageBlob(const std::string& sha256) override { place_.FlipBit(place_.BlobKeyOf(sha256), 0); }

  void DamageResult(const std::string& job_id, int64_t offset) override {
    const std::string key = place_.PieceKeyOf(job_id, offset);
    place_.FlipBit(key, offset);
  }

  void ShortenResult(const std::string& job_id) override {
    int64_t first_byte = 0;
    place_.CutLastByte(place_.PieceKeyOf(job_id, first_byte));
  }

 private:
  const S3Place place_;
};

std::unique_ptr<StoresOfTest> MakeS3Stores() {
  return std::make_unique<S3Stores>();
}

INSTANTIATE_TEST_SUITE_P(S3, ArtifactStoreConformance, testing::Values(&MakeS3Stores));

}  // namespace
}  // namespace ruyi
