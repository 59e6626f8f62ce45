// A place in the tests' bucket for one test, and what a test does to the objects there behind the store's back. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/artifact/s3/s3_artifact_store.h"
#include "core/base/clock.h"
#include "core/s3/s3_client.h"

namespace ruyi {

class S3Place {
 public:
  S3Place();

  // Opens a store, whose requests go through `http`, or straight to the server.
  std::unique_ptr<S3ArtifactStore> Open(const Clock& clock, S3ArtifactOptions options,
                                        std::unique_ptr<HttpClient> http = nullptr) const;

  void FlipBit(const std::string& key, int64_t offset) const;
  void CutLastByte(const std::string& key) const;

  // Returns the key of the only object of a blob.
  std::string BlobKeyOf(const std::string& sha256) const;

  // Returns the key of the piece of a result that has the byte at `offset`, and takes the bytes in front of the piece
  // off `offset`.
  std::string PieceKeyOf(const std::string& job_id, int64_t& offset) const;

  S3Client& objects() const { return *objects_; }
  const std::string& prefix() const { return prefix_; }

 private:
  const std::string prefix_;
  const std::unique_ptr<S3Client> objects_;
};

}  // namespace ruyi
