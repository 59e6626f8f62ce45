// Tests what every ArtifactStore must do, whatever it keeps its bytes in. The test of a store links
// artifact_conformance and says how to make one:
//   INSTANTIATE_TEST_SUITE_P(Files, ArtifactStoreConformance, testing::Values(&MakeFileStores));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/artifact/artifact_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace ruyi {

// Stores of one test, over the same bytes.
class StoresOfTest {
 public:
  static constexpr absl::Duration kBlobTtl = absl::Hours(1);

  virtual ~StoresOfTest() = default;

  // Opens a store whose blobs live for kBlobTtl of `clock` and that may take `max_bytes`, if there is a limit. One that
  // is opened beside another sees what a second process would see.
  virtual std::unique_ptr<ArtifactStore> Open(const Clock& clock, std::optional<int64_t> max_bytes) = 0;

  // Flips a bit where the store keeps the blob.
  virtual void DamageBlob(const std::string& sha256) = 0;

  // Flips a bit of the result at `offset`, where the store keeps it.
  virtual void DamageResult(const std::string& job_id, int64_t offset) = 0;

  // Cuts the last byte off the result, where the store keeps it.
  virtual void ShortenResult(const std::string& job_id) = 0;
};

using MakeStores = std::unique_ptr<StoresOfTest> (*)();

class ArtifactStoreConformance : public testing::TestWithParam<MakeStores> {
 protected:
  static constexpr char kJob[] = "0a1b2c";
  static constexpr char kOther[] = "other_job-2";

  std::unique_ptr<ArtifactStore> Open(std::optional<int64_t> max_bytes = std::nullopt) {
    return stores_->Open(clock_, max_bytes);
  }

  const std::unique_ptr<StoresOfTest> stores_ = GetParam()();
  FakeClock clock_;
};

// Returns `size` random bytes, always the same ones for a `seed`.
std::string SomeBytes(size_t size, uint32_t seed = 1);

absl::Status WriteText(ResultWriter& writer, std::string_view text);

// Opens, writes and seals a result.
absl::StatusOr<FileDigest> WriteResult(ArtifactStore& store, const std::string& job_id, std::string_view bytes);

// Reads a result from `offset` on, in steps of `step_bytes`, until its end or what is there.
absl::StatusOr<std::string> ReadAll(const ArtifactStore& store, const std::string& job_id, int64_t offset = 0,
                                    int64_t step_bytes = 1 << 20);

FileDigest DigestOf(std::string_view bytes);

}  // namespace ruyi
