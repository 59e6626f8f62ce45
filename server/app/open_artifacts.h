// Opens the store of the bytes of jobs: a bucket, or a folder that several servers may share. Before it: open_stores.h.
// After it: core/artifact/s3, core/artifact/files. A function without state.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/artifact/artifact_store.h"
#include "core/base/clock.h"
#include "server/app/server_options.h"

namespace ruyi {

// Opens what --artifacts names; by default, a folder below the state folder. `clock` must outlive the store. Blocks on
// the disk or the server of the bucket. Errors: those of FileArtifactStore::Open, OpenS3Client and
// S3ArtifactStore::Open.
absl::StatusOr<std::unique_ptr<ArtifactStore>> OpenArtifacts(const ServerOptions& options, const Clock& clock);

}  // namespace ruyi
