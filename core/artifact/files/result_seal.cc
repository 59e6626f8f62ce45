#include "core/artifact/files/result_seal.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/artifact/artifact_error.h"
#include "core/base/status_macros.h"
#include "core/digest/crc32c.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

constexpr int kVersion = 1;
constexpr size_t kSha256HexDigits = 64;

int64_t BlocksOf(int64_t size_bytes) {
  return size_bytes / kSealBlockBytes + (size_bytes % kSealBlockBytes != 0 ? 1 : 0);
}

// The seal's checksum of itself.
uint32_t CheckOf(const ResultSeal& seal) {
  return Crc32c(absl::StrCat(seal.digest.size_bytes, " ", seal.digest.sha256, " ", absl::StrJoin(seal.crc32c, " ")));
}

bool IsSha256Hex(std::string_view text) {
  return text.size() == kSha256HexDigits && std::all_of(text.begin(), text.end(), absl::ascii_isxdigit);
}

bool IsCrc32c(int64_t value) {
  return value >= 0 && value <= std::numeric_limits<uint32_t>::max();
}

absl::StatusOr<ResultSeal> Read(std::string_view text) {
  RUYI_ASSIGN_OR_RETURN(const nlohmann::json json, ParseJson(text, "it"));
  RUYI_ASSIGN_OR_RETURN(const int64_t version, GetInt(json, "version"));
  RUYI_ASSIGN_OR_RETURN(const int64_t size_bytes, GetInt(json, "size_bytes"));
  RUYI_ASSIGN_OR_RETURN(const std::string sha256, GetString(json, "sha256"));
  RUYI_ASSIGN_OR_RETURN(const std::vector<int64_t> blocks, GetIntList(json, "crc32c"));
  RUYI_ASSIGN_OR_RETURN(const int64_t check, GetInt(json, "check"));
  if (version != kVersion)
    return absl::DataLossError(absl::StrCat("it is of version ", version, ", and ", kVersion, " was expected"));
  if (size_bytes < 0 || static_cast<int64_t>(blocks.size()) != BlocksOf(size_bytes))
    return absl::DataLossError("its size and its number of blocks do not fit");
  if (!IsSha256Hex(sha256) || !std::all_of(blocks.begin(), blocks.end(), IsCrc32c))
    return absl::DataLossError("its checksums are out of range");
  ResultSeal seal{.digest = {.size_bytes = size_bytes, .sha256 = absl::HexStringToBytes(sha256)},
                  .crc32c = {blocks.begin(), blocks.end()}};
  if (CheckOf(seal) != check)
    return absl::DataLossError("it does not have its own checksum");
  return seal;
}

}  // namespace

std::string FormatSeal(const ResultSeal& seal) {
  const nlohmann::json json = {{"version", kVersion},
                               {"size_bytes", seal.digest.size_bytes},
                               {"sha256", absl::BytesToHexString(seal.digest.sha256)},
                               {"crc32c", seal.crc32c},
                               {"check", CheckOf(seal)}};
  return json.dump() + "\n";
}

absl::StatusOr<ResultSeal> ParseSeal(std::string_view text, std::string_view name) {
  absl::StatusOr<ResultSeal> seal = Read(text);
  if (!seal.ok())
    return ArtifactCorrupt(absl::StrFormat("the seal of %s is damaged: %s; delete the result and make it again", name,
                                           seal.status().message()));
  return seal;
}

void SealMaker::Add(std::string_view bytes) {
  sha256_.Update(bytes);
  while (!bytes.empty()) {
    const int64_t in_block = size_bytes_ % kSealBlockBytes;
    if (in_block == 0)
      crc32c_.push_back(0);
    const std::string_view part = bytes.substr(0, static_cast<size_t>(kSealBlockBytes - in_block));
    crc32c_.back() = ExtendCrc32c(crc32c_.back(), part);
    size_bytes_ += static_cast<int64_t>(part.size());
    bytes.remove_prefix(part.size());
  }
}

ResultSeal SealMaker::Finish() {
  return {.digest = {.size_bytes = size_bytes_, .sha256 = sha256_.Finish()}, .crc32c = std::move(crc32c_)};
}

}  // namespace ruyi
