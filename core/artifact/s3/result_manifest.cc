#include "core/artifact/s3/result_manifest.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "core/artifact/artifact_error.h"
#include "core/artifact/artifact_names.h"
#include "core/base/status_macros.h"
#include "core/digest/crc32c.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

constexpr int kVersion = 1;

int64_t BlocksOf(int64_t size_bytes) {
  return size_bytes / kPieceBlockBytes + (size_bytes % kPieceBlockBytes != 0 ? 1 : 0);
}

bool IsCrc32c(int64_t value) {
  return value >= 0 && value <= std::numeric_limits<uint32_t>::max();
}

absl::StatusOr<ResultPiece> ReadPiece(const nlohmann::json& json) {
  ResultPiece piece;
  RUYI_ASSIGN_OR_RETURN(piece.name, GetString(json, "name"));
  RUYI_ASSIGN_OR_RETURN(piece.size_bytes, GetInt(json, "size_bytes"));
  RUYI_ASSIGN_OR_RETURN(const std::vector<int64_t> blocks, GetIntList(json, "crc32c"));
  if (!IsJobId(piece.name) || piece.size_bytes <= 0 ||
      static_cast<int64_t>(blocks.size()) != BlocksOf(piece.size_bytes) ||
      !std::all_of(blocks.begin(), blocks.end(), IsCrc32c))
    return absl::DataLossError("a piece has values that cannot be");
  piece.crc32c.assign(blocks.begin(), blocks.end());
  return piece;
}

absl::StatusOr<ResultManifest> ReadBody(const nlohmann::json& json) {
  ResultManifest manifest;
  RUYI_ASSIGN_OR_RETURN(const int64_t version, GetInt(json, "version"));
  if (version != kVersion)
    return absl::DataLossError(absl::StrFormat("it is of version %d, and %d was expected", version, kVersion));
  RUYI_ASSIGN_OR_RETURN(manifest.run, GetString(json, "run"));
  RUYI_ASSIGN_OR_RETURN(manifest.token, GetInt(json, "token"));
  RUYI_ASSIGN_OR_RETURN(const std::string sha256, GetString(json, "sha256"));
  const auto pieces = json.find("pieces");
  if (!IsJobId(manifest.run) || (!sha256.empty() && !IsSha256(sha256)) || pieces == json.end() || !pieces->is_array())
    return absl::DataLossError("it has values that cannot be");
  manifest.sha256 = absl::HexStringToBytes(sha256);
  for (const nlohmann::json& json_piece : *pieces) {
    RUYI_ASSIGN_OR_RETURN(ResultPiece piece, ReadPiece(json_piece));
    manifest.pieces.push_back(std::move(piece));
  }
  return manifest;
}

absl::StatusOr<ResultManifest> Read(std::string_view text) {
  RUYI_ASSIGN_OR_RETURN(nlohmann::json json, ParseJson(text, "it"));
  RUYI_ASSIGN_OR_RETURN(const int64_t check, GetInt(json, "check"));
  json.erase("check");
  if (Crc32c(json.dump()) != check)
    return absl::DataLossError("it does not have its own checksum");
  return ReadBody(json);
}

}  // namespace

int64_t ResultManifest::size_bytes() const {
  int64_t size = 0;
  for (const ResultPiece& piece : pieces)
    size += piece.size_bytes;
  return size;
}

std::vector<uint32_t> BlockChecksums(std::string_view bytes) {
  std::vector<uint32_t> checksums;
  for (size_t begin = 0; begin < bytes.size(); begin += kPieceBlockBytes)
    checksums.push_back(Crc32c(bytes.substr(begin, kPieceBlockBytes)));
  return checksums;
}

std::string FormatManifest(const ResultManifest& manifest) {
  nlohmann::json pieces = nlohmann::json::array();
  for (const ResultPiece& piece : manifest.pieces)
    pieces.push_back({{"name", piece.name}, {"size_bytes", piece.size_bytes}, {"crc32c", piece.crc32c}});
  nlohmann::json json = {{"version", kVersion},
                         {"run", manifest.run},
                         {"token", manifest.token},
                         {"sha256", absl::BytesToHexString(manifest.sha256)},
                         {"pieces", std::move(pieces)}};
  const uint32_t check = Crc32c(json.dump());
  json["check"] = check;
  return json.dump() + "\n";
}

absl::StatusOr<ResultManifest> ParseManifest(std::string_view text, std::string_view job_id) {
  absl::StatusOr<ResultManifest> manifest = Read(text);
  if (!manifest.ok())
    return ArtifactCorrupt(
        absl::StrFormat("the manifest of the result of job %s is damaged: %s; delete the result and make it again",
                        job_id, manifest.status().message()));
  return manifest;
}

}  // namespace ruyi
