#include "tests/core/artifact/s3/s3_place.h"

#include <gtest/gtest.h>

#include <utility>

#include "core/artifact/s3/manifest_objects.h"
#include "core/artifact/s3/object_names.h"
#include "core/http/curl_http_client.h"
#include "tests/core/http/patient_options.h"
#include "tests/core/s3/seaweed.h"
#include "tests/support/status_matchers.h"

namespace ruyi {

S3Place::S3Place() : prefix_("place-" + RandomName()), objects_(Seaweed::Get().ClientOf(prefix_)) {}

std::unique_ptr<S3ArtifactStore> S3Place::Open(const Clock& clock, S3ArtifactOptions options,
                                               std::unique_ptr<HttpClient> http) const {
  if (http == nullptr)
    http = std::make_unique<CurlHttpClient>(PatientOptions());
  auto store = S3ArtifactStore::Open(Seaweed::Get().ClientOf(prefix_, std::move(http)), options, clock);
  EXPECT_THAT(store, IsOk());
  return *std::move(store);
}

void S3Place::FlipBit(const std::string& key, int64_t offset) const {
  std::string bytes = objects_->Get(key)->bytes;
  bytes[static_cast<size_t>(offset)] ^= 1;
  EXPECT_THAT(objects_->Put(key, bytes), IsOk());
}

void S3Place::CutLastByte(const std::string& key) const {
  std::string bytes = objects_->Get(key)->bytes;
  bytes.pop_back();
  EXPECT_THAT(objects_->Put(key, bytes), IsOk());
}

std::string S3Place::BlobKeyOf(const std::string& sha256) const {
  const auto entries = objects_->List(BlobPrefix(sha256));
  EXPECT_TRUE(entries.ok() && entries->size() == 1);
  return entries->front().key;
}

std::string S3Place::PieceKeyOf(const std::string& job_id, int64_t& offset) const {
  const ResultManifest manifest = LoadManifest(*objects_, job_id)->manifest;
  for (const ResultPiece& piece : manifest.pieces) {
    if (offset < piece.size_bytes)
      return PieceKey(job_id, manifest.run, piece.name);
    offset -= piece.size_bytes;
  }
  ADD_FAILURE() << "the result has no such byte";
  return "";
}

}  // namespace ruyi
