#include "server/app/open_artifacts.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "core/artifact/files/file_artifact_store.h"
#include "core/artifact/s3/s3_artifact_store.h"
#include "core/base/status_macros.h"
#include "core/plan/prediction.h"
#include "core/s3/open_s3_client.h"

namespace ruyi {
namespace {

std::optional<int64_t> MaxBytesOf(const ServerOptions& options) {
  return options.disk_budget_mib.has_value() ? std::optional(BytesOfMib(*options.disk_budget_mib)) : std::nullopt;
}

absl::StatusOr<std::unique_ptr<ArtifactStore>> OpenBucket(const ServerOptions& options, const Clock& clock) {
  RUYI_ASSIGN_OR_RETURN(std::unique_ptr<S3Client> client, OpenS3Client(options.artifacts, ProcessEnvironment(), clock));
  return S3ArtifactStore::Open(std::move(client), {.blob_ttl = options.input_ttl, .max_bytes = MaxBytesOf(options)},
                               clock);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ArtifactStore>> OpenArtifacts(const ServerOptions& options, const Clock& clock) {
  if (IsS3Url(options.artifacts))
    return OpenBucket(options, clock);
  const std::string own_folder = (std::filesystem::path(options.state_dir) / "artifacts").string();
  return FileArtifactStore::Open(
      options.artifacts.empty() ? own_folder : options.artifacts,
      {.blob_ttl = options.input_ttl, .limits = {.max_bytes = MaxBytesOf(options)}, .at_boundary = {}}, clock);
}

}  // namespace ruyi
