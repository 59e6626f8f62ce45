// An ArtifactStore whose every call, of its writers too, first asks a test whether the store is there. It passes calls
// on to another store. Thread-safe if the test's function is.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/artifact/artifact_store.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"

namespace ruyi {

class DistantArtifactStore final : public ArtifactStore {
 public:
  // Says whether the call of this name ("Write") gets through.
  using IsThere = std::function<bool(std::string_view call)>;

  DistantArtifactStore(ArtifactStore& store, IsThere is_there) : store_(store), is_there_(std::move(is_there)) {}

  absl::Status BelongTo(const std::string& jobs) override {
    RUYI_RETURN_IF_ERROR(Reach("BelongTo"));
    return store_.BelongTo(jobs);
  }
  absl::StatusOr<std::string> Owner() const override {
    RUYI_RETURN_IF_ERROR(Reach("Owner"));
    return store_.Owner();
  }
  absl::StatusOr<std::string> PutBlob(std::string_view bytes) override {
    RUYI_RETURN_IF_ERROR(Reach("PutBlob"));
    return store_.PutBlob(bytes);
  }
  absl::StatusOr<std::string> ReadBlob(const std::string& sha256) const override {
    RUYI_RETURN_IF_ERROR(Reach("ReadBlob"));
    return store_.ReadBlob(sha256);
  }
  absl::StatusOr<BlobState> StatBlob(const std::string& sha256) const override {
    RUYI_RETURN_IF_ERROR(Reach("StatBlob"));
    return store_.StatBlob(sha256);
  }
  absl::Status DeleteBlob(const std::string& sha256) override {
    RUYI_RETURN_IF_ERROR(Reach("DeleteBlob"));
    return store_.DeleteBlob(sha256);
  }
  absl::StatusOr<std::unique_ptr<ResultWriter>> OpenResult(const std::string& job_id, int64_t token) override {
    RUYI_RETURN_IF_ERROR(Reach("OpenResult"));
    RUYI_ASSIGN_OR_RETURN(std::unique_ptr<ResultWriter> writer, store_.OpenResult(job_id, token));
    return std::make_unique<Writer>(*this, std::move(writer));
  }
  absl::StatusOr<FileDigest> ShareResult(const std::string& from, const std::string& to) override {
    RUYI_RETURN_IF_ERROR(Reach("ShareResult"));
    return store_.ShareResult(from, to);
  }
  absl::StatusOr<ResultBytes> ReadResult(const std::string& job_id, int64_t offset, int64_t max_bytes) const override {
    RUYI_RETURN_IF_ERROR(Reach("ReadResult"));
    return store_.ReadResult(job_id, offset, max_bytes);
  }
  absl::StatusOr<ResultState> StatResult(const std::string& job_id) const override {
    RUYI_RETURN_IF_ERROR(Reach("StatResult"));
    return store_.StatResult(job_id);
  }
  absl::Status DeleteResult(const std::string& job_id) override {
    RUYI_RETURN_IF_ERROR(Reach("DeleteResult"));
    return store_.DeleteResult(job_id);
  }
  absl::StatusOr<std::vector<std::string>> ResultIds() const override {
    RUYI_RETURN_IF_ERROR(Reach("ResultIds"));
    return store_.ResultIds();
  }
  absl::Status SweepBlobs(const std::set<std::string>& referenced) override {
    RUYI_RETURN_IF_ERROR(Reach("SweepBlobs"));
    return store_.SweepBlobs(referenced);
  }
  absl::StatusOr<int64_t> UsedBytes() const override { return store_.UsedBytes(); }
  std::unique_ptr<Subscription> Subscribe(const std::string& job_id, std::function<void()> listener) override {
    return store_.Subscribe(job_id, std::move(listener));
  }

 private:
  class Writer final : public ResultWriter {
   public:
    Writer(const DistantArtifactStore& store, std::unique_ptr<ResultWriter> writer)
        : store_(store), writer_(std::move(writer)) {}
    absl::Status Write(std::span<const uint8_t> bytes) override {
      RUYI_RETURN_IF_ERROR(store_.Reach("Write"));
      return writer_->Write(bytes);
    }
    absl::StatusOr<FileDigest> Seal() override {
      RUYI_RETURN_IF_ERROR(store_.Reach("Seal"));
      return writer_->Seal();
    }

   private:
    const DistantArtifactStore& store_;
    const std::unique_ptr<ResultWriter> writer_;
  };

  absl::Status Reach(std::string_view call) const {
    if (is_there_(call))
      return absl::OkStatus();
    return ErrorWithReason(absl::StatusCode::kUnavailable, "the store is away", reason::kStoreUnavailable);
  }

  ArtifactStore& store_;
  const IsThere is_there_;
};

}  // namespace ruyi
