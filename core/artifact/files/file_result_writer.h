// Writes a result into its file. Before it: the video encoder, through the worker. After it: readers, of this process
// through the published size, of others through the file. The lock of the result's tokens orders its writers in all
// processes. Not thread-safe; must not outlive its store.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/artifact/artifact_store.h"
#include "core/artifact/files/disk_budget.h"
#include "core/artifact/files/disk_operations.h"
#include "core/artifact/files/published_sizes.h"
#include "core/artifact/files/result_paths.h"
#include "core/artifact/files/result_seal.h"
#include "core/artifact/files/result_tokens.h"

namespace ruyi {

// Holds what the results of one store share.
struct ResultContext {
  const DiskOperations& disk;
  DiskBudget& budget;
  PublishedSizes& published;
  std::string folder;
  std::string partial_folder;
  std::function<void(const std::string& job_id)> notify;  // after a change; called without locks
};

class FileResultWriter final : public ResultWriter {
 public:
  // See ArtifactStore::OpenResult. `context` must outlive the writer.
  static absl::StatusOr<std::unique_ptr<FileResultWriter>> Open(const ResultContext& context, const std::string& job_id,
                                                                int64_t token);

  absl::Status Write(std::span<const uint8_t> bytes) override;
  absl::StatusOr<FileDigest> Seal() override;

 private:
  FileResultWriter(const ResultContext& context, std::string job_id, int64_t token, ResultTokens tokens)
      : context_(context),
        job_id_(std::move(job_id)),
        paths_(PathsOf(context.folder, job_id_)),
        token_(token),
        tokens_(std::move(tokens)) {}

  // Takes the lease and opens the file. Returns false when the tokens are those of a result that was sealed or deleted
  // meanwhile.
  absl::StatusOr<bool> Begin();
  absl::Status TakeLease();
  absl::Status OpenOwnFile();

  // Both must be called with the lock of the tokens.
  absl::Status CheckLease() const;
  absl::Status WriteLocked(std::string_view bytes);
  absl::Status SealLocked();

  // Compares `bytes` with those that lie at the writer's offset already.
  absl::Status Compare(std::string_view bytes) const;

  // Writes `bytes` at the end of the file, which is at `size`; when that fails, none of them stay.
  absl::Status Append(int64_t size, std::string_view bytes);

  const ResultContext& context_;
  const std::string job_id_;
  const ResultPaths paths_;
  const int64_t token_;
  ResultTokens tokens_;
  FileDescriptor file_;
  PublishedSize published_;
  SealMaker maker_;                 // sees the bytes that were written through this writer
  std::optional<ResultSeal> seal_;  // set once no more bytes may come
};

}  // namespace ruyi
