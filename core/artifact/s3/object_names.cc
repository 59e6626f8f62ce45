#include "core/artifact/s3/object_names.h"

#include <vector>

#include "absl/random/random.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "core/artifact/artifact_names.h"

namespace ruyi {
namespace {

constexpr char kManifest[] = "manifest.json";

std::vector<std::string> PartsOf(std::string_view key) {
  return absl::StrSplit(absl::string_view(key.data(), key.size()), '/');
}

}  // namespace

std::string RandomName() {
  absl::BitGen random;
  return absl::StrFormat("%016x", absl::Uniform<uint64_t>(random));
}

std::string BlobPrefix(std::string_view sha256) {
  return absl::StrFormat("%s%s/", kBlobsPrefix, sha256);
}

std::string NewBlobKey(std::string_view sha256, absl::Time time) {
  return absl::StrFormat("%s%020d-%s", BlobPrefix(sha256), absl::ToUnixMicros(time), RandomName());
}

std::optional<BlobKey> ParseBlobKey(std::string_view key) {
  const std::vector<std::string> parts = PartsOf(key);
  if (parts.size() != 3 || parts[0] + "/" != kBlobsPrefix || !IsSha256(parts[1]))
    return std::nullopt;
  const std::pair<std::string, std::string> name = absl::StrSplit(parts[2], absl::MaxSplits('-', 1));
  int64_t micros = 0;
  if (!absl::SimpleAtoi(name.first, &micros))
    return std::nullopt;
  return BlobKey{.sha256 = parts[1], .time = absl::FromUnixMicros(micros)};
}

std::string ResultPrefix(std::string_view job_id) {
  return absl::StrFormat("%s%s/", kResultsPrefix, job_id);
}

std::string ManifestKey(std::string_view job_id) {
  return ResultPrefix(job_id) + kManifest;
}

std::string PieceKey(std::string_view job_id, std::string_view run, std::string_view piece) {
  return absl::StrFormat("%s%s/%s", ResultPrefix(job_id), run, piece);
}

std::optional<ResultKey> ParseResultKey(std::string_view key) {
  const std::vector<std::string> parts = PartsOf(key);
  if (parts.size() < 3 || parts[0] + "/" != kResultsPrefix || !IsJobId(parts[1]))
    return std::nullopt;
  return ResultKey{.job_id = parts[1], .is_manifest = parts.size() == 3 && parts[2] == kManifest};
}

}  // namespace ruyi
