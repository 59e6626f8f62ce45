#include "core/artifact/files/file_result_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "absl/memory/memory.h"
#include "absl/strings/str_format.h"
#include "core/artifact/artifact_error.h"
#include "core/artifact/files/seal_file.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

bool IsSealed(const ResultPaths& paths) {
  return access(paths.seal.c_str(), F_OK) == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileResultWriter>> FileResultWriter::Open(const ResultContext& context,
                                                                         const std::string& job_id, int64_t token) {
  while (true) {
    const ResultPaths paths = PathsOf(context.folder, job_id);
    if (IsSealed(paths))
      return ResultSealed(job_id);
    RUYI_ASSIGN_OR_RETURN(ResultTokens tokens, ResultTokens::Create(context.disk, paths.tokens));
    auto writer = absl::WrapUnique(new FileResultWriter(context, job_id, token, std::move(tokens)));
    RUYI_ASSIGN_OR_RETURN(const bool has_begun, writer->Begin());
    if (has_begun) {
      context.notify(job_id);
      return writer;
    }
  }
}

absl::StatusOr<bool> FileResultWriter::Begin() {
  RUYI_ASSIGN_OR_RETURN(const ResultTokens::Lock lock, tokens_.Acquire());
  RUYI_ASSIGN_OR_RETURN(const bool is_in_use, tokens_.IsInUse());
  if (!is_in_use)
    return false;
  if (IsSealed(paths_)) {
    RUYI_RETURN_IF_ERROR(context_.disk.Unlink(paths_.tokens));
    return ResultSealed(job_id_);
  }
  RUYI_RETURN_IF_ERROR(TakeLease());
  RUYI_RETURN_IF_ERROR(OpenOwnFile());
  return true;
}

absl::Status FileResultWriter::TakeLease() {
  RUYI_ASSIGN_OR_RETURN(const int64_t largest, tokens_.Largest());
  if (token_ < largest)
    return ResultTokenTooSmall(job_id_, largest, token_);
  return token_ > largest ? tokens_.Add(context_.disk, token_) : absl::OkStatus();
}

// A file with two names is that of another job, which ShareResult did not come to seal.
absl::Status FileResultWriter::OpenOwnFile() {
  RUYI_ASSIGN_OR_RETURN(file_, context_.disk.Create(paths_.file, O_RDWR));
  RUYI_ASSIGN_OR_RETURN(struct stat state, StatOf(file_));
  if (state.st_nlink > 1) {
    RUYI_RETURN_IF_ERROR(context_.budget.Delete(context_.disk, paths_.file));
    RUYI_ASSIGN_OR_RETURN(file_, context_.disk.Create(paths_.file, O_RDWR));
    RUYI_ASSIGN_OR_RETURN(state, StatOf(file_));
  }
  RUYI_RETURN_IF_ERROR(context_.disk.SyncData(file_));
  RUYI_RETURN_IF_ERROR(context_.disk.SyncFolder(context_.folder));
  published_ = context_.published.Share(job_id_, state.st_size);
  return absl::OkStatus();
}

absl::Status FileResultWriter::Write(std::span<const uint8_t> bytes) {
  if (seal_.has_value())
    return ResultSealed(job_id_);
  {
    RUYI_ASSIGN_OR_RETURN(const ResultTokens::Lock lock, tokens_.Acquire());
    RUYI_RETURN_IF_ERROR(CheckLease());
    RUYI_RETURN_IF_ERROR(WriteLocked({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  }
  context_.notify(job_id_);
  return absl::OkStatus();
}

absl::StatusOr<FileDigest> FileResultWriter::Seal() {
  {
    RUYI_ASSIGN_OR_RETURN(const ResultTokens::Lock lock, tokens_.Acquire());
    RUYI_RETURN_IF_ERROR(CheckLease());
    RUYI_RETURN_IF_ERROR(SealLocked());
  }
  context_.notify(job_id_);
  return seal_->digest;
}

absl::Status FileResultWriter::CheckLease() const {
  RUYI_ASSIGN_OR_RETURN(const bool is_in_use, tokens_.IsInUse());
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(file_));
  if (!is_in_use || state.st_nlink == 0)
    return ResultLeaseLost(job_id_, "was sealed or deleted by another");
  RUYI_ASSIGN_OR_RETURN(const int64_t largest, tokens_.Largest());
  if (token_ < largest)
    return ResultTokenTooSmall(job_id_, largest, token_);
  return absl::OkStatus();
}

absl::Status FileResultWriter::WriteLocked(std::string_view bytes) {
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(file_));
  if (state.st_size < maker_.size_bytes())
    return ResultChanged(absl::StrFormat("the result of job %s has %d bytes, fewer than the %d that were written",
                                         job_id_, state.st_size, maker_.size_bytes()));
  const auto known = static_cast<size_t>(state.st_size - maker_.size_bytes());
  RUYI_RETURN_IF_ERROR(Compare(bytes.substr(0, known)));
  if (known < bytes.size())
    RUYI_RETURN_IF_ERROR(Append(state.st_size, bytes.substr(known)));
  maker_.Add(bytes);
  return absl::OkStatus();
}

absl::Status FileResultWriter::SealLocked() {
  RUYI_ASSIGN_OR_RETURN(const struct stat state, StatOf(file_));
  if (!seal_.has_value())
    seal_ = maker_.Finish();
  if (state.st_size != seal_->digest.size_bytes)
    return ResultChanged(
        absl::StrFormat("the result of job %s has %d bytes, and %d were written; delete it and begin "
                        "anew",
                        job_id_, state.st_size, seal_->digest.size_bytes));
  RUYI_RETURN_IF_ERROR(context_.disk.Sync(file_));
  RUYI_RETURN_IF_ERROR(WriteSeal(context_, paths_.seal, *seal_));
  return context_.disk.Unlink(paths_.tokens);
}

absl::Status FileResultWriter::Compare(std::string_view bytes) const {
  std::string there(bytes.size(), '\0');
  RUYI_ASSIGN_OR_RETURN(const size_t size, ReadAt(file_, maker_.size_bytes(), there.data(), there.size()));
  if (size == bytes.size() && there == bytes)
    return absl::OkStatus();
  return ResultChanged(
      absl::StrFormat("the result of job %s has other bytes from offset %d on than an earlier attempt "
                      "wrote; delete it and begin anew",
                      job_id_, maker_.size_bytes()));
}

absl::Status FileResultWriter::Append(int64_t size, std::string_view bytes) {
  const auto count = static_cast<int64_t>(bytes.size());
  const DiskBudget::Writing writing(context_.budget);
  RUYI_RETURN_IF_ERROR(context_.budget.Reserve(count));
  absl::Status status = context_.disk.WriteAt(file_, size, bytes);
  if (status.ok())
    status = context_.disk.SyncData(file_);
  if (status.ok()) {
    published_->store(size + count);
    return status;
  }
  // Bytes that cannot be cut off are the right ones, and the next attempt compares them.
  context_.disk.Truncate(file_, size).IgnoreError();
  const absl::StatusOr<struct stat> state = StatOf(file_);
  context_.budget.Release(count - (state.ok() ? state->st_size - size : 0));
  return status;
}

}  // namespace ruyi
