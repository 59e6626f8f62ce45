// Keeps the results of a store: files that grow until they are sealed. Before it: FileArtifactStore. After it: the
// files. Other processes may work in the same folder. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/artifact/artifact_store.h"
#include "core/artifact/files/file_result_writer.h"
#include "core/artifact/files/published_sizes.h"
#include "core/artifact/files/sealed_results.h"

namespace ruyi {

class ResultFolder {
 public:
  // Everything that the other arguments refer to must outlive the folder.
  ResultFolder(const DiskOperations& disk, DiskBudget& budget, std::string folder, std::string partial_folder,
               std::function<void(const std::string&)> notify)
      : context_{disk, budget, published_, std::move(folder), std::move(partial_folder), std::move(notify)} {}

  // These are the methods of ArtifactStore with the same names.
  absl::StatusOr<std::unique_ptr<ResultWriter>> OpenResult(const std::string& job_id, int64_t token);
  absl::StatusOr<FileDigest> ShareResult(const std::string& from, const std::string& to);
  absl::StatusOr<ResultBytes> ReadResult(const std::string& job_id, int64_t offset, int64_t max_bytes) const;
  absl::StatusOr<ResultState> StatResult(const std::string& job_id) const;
  absl::Status DeleteResult(const std::string& job_id);
  absl::StatusOr<std::vector<std::string>> ResultIds() const;

 private:
  // A result that is not sealed.
  struct Growing {
    FileDescriptor file;
    int64_t size_bytes = 0;  // of what readers may see
  };

  absl::StatusOr<Growing> OpenGrowing(const std::string& job_id) const;
  absl::StatusOr<std::shared_ptr<const SealedResult>> FindSealed(const std::string& job_id) const;
  absl::Status Remove(const std::string& job_id);

  // Makes the bytes of `from` appear at `path`, where nothing may be yet.
  absl::Status LinkOrCopy(const SealedResult& from, const std::string& from_path, const std::string& path);

  PublishedSizes published_;
  mutable SealedResults sealed_;
  const ResultContext context_;
};

}  // namespace ruyi
