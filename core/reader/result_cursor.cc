#include "core/reader/result_cursor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/digest/crc32c.h"

namespace ruyi {
namespace {

absl::Status NotMade() {
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition,
                         "the video was not made, and has no bytes; GetVideo says why", reason::kResultNotReady);
}

absl::Status NoBytesYet() {
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition,
      "the video has no bytes yet; watch it, and download it when an event says that it is being decoded",
      reason::kResultNotReady);
}

absl::Status Expired() {
  return ErrorWithReason(absl::StatusCode::kNotFound, "the video's bytes have expired; make it again",
                         reason::kResultExpired);
}

absl::Status Missing() {
  return ErrorWithReason(absl::StatusCode::kDataLoss,
                         "the video's file is gone from where the server keeps it; make it again",
                         reason::kArtifactCorrupt);
}

absl::Status PastEnd(int64_t offset, int64_t size) {
  return WithErrorInfo(
      absl::OutOfRangeError(absl::StrFormat("read_offset is %d, and the file has %d bytes", offset, size)),
      {.reason = std::string(reason::kOffsetPastEnd), .metadata = {{"size_bytes", absl::StrCat(size)}}});
}

}  // namespace

ResultCursor::ResultCursor(const JobStore& jobs, const ArtifactStore& artifacts, std::string id, const ReadRange& range)
    : jobs_(jobs),
      artifacts_(artifacts),
      id_(std::move(id)),
      begin_(range.offset),
      offset_(range.offset),
      left_(range.limit) {}

absl::StatusOr<std::optional<ResultChunk>> ResultCursor::Next() {
  if (done_)
    return std::nullopt;
  if (offset_ == begin_)
    RUYI_RETURN_IF_ERROR(CheckJob());  // bytes may stay for a moment after the video has expired
  absl::StatusOr<std::optional<ResultChunk>> chunk = ReadBytes();
  if (absl::IsOutOfRange(chunk.status()))
    RUYI_RETURN_IF_ERROR(CheckGrows());
  else if (!absl::IsNotFound(chunk.status()))
    return chunk;
  RUYI_RETURN_IF_ERROR(CheckJob());
  return std::nullopt;  // it has not come to the offset
}

absl::StatusOr<std::optional<ResultChunk>> ResultCursor::ReadBytes() {
  const int64_t most = std::min<int64_t>(kMaxChunkBytes, left_.value_or(kMaxChunkBytes));
  RUYI_ASSIGN_OR_RETURN(ResultBytes bytes, artifacts_.ReadResult(id_, offset_, most));
  if (bytes.data.empty() && !bytes.is_end) {
    RUYI_RETURN_IF_ERROR(CheckJob());
    return std::nullopt;
  }
  ResultChunk chunk = {.offset = offset_, .data = std::move(bytes.data), .crc32c = 0, .digest = {}};
  chunk.crc32c = Crc32c(chunk.data);
  if (bytes.is_end) {
    RUYI_ASSIGN_OR_RETURN(const ResultState state, artifacts_.StatResult(id_));
    chunk.digest = state.digest;
  }
  const auto size = static_cast<int64_t>(chunk.data.size());
  offset_ += size;
  if (left_.has_value())
    *left_ -= size;
  done_ = bytes.is_end || left_ == 0;
  return chunk;
}

// OK when the file has no end yet.
absl::Status ResultCursor::CheckGrows() const {
  const absl::StatusOr<ResultState> state = artifacts_.StatResult(id_);
  if (absl::IsUnavailable(state.status()))
    return state.status();
  return state.ok() && state->is_sealed ? PastEnd(offset_, state->size_bytes) : absl::OkStatus();
}

absl::Status ResultCursor::CheckHasBytes() const {
  const absl::StatusOr<ResultState> state = artifacts_.StatResult(id_);
  if (absl::IsUnavailable(state.status()))
    return state.status();
  return state.ok() && state->size_bytes > 0 ? absl::OkStatus() : NoBytesYet();
}

// Returns OK when there are bytes and more may come. A job succeeds only after its file is whole.
absl::Status ResultCursor::CheckJob() const {
  RUYI_ASSIGN_OR_RETURN(const JobRecord record, jobs_.Get(id_));
  switch (record.state) {
    case JobState::kExpired:
      return Expired();
    case JobState::kFailed:
    case JobState::kCancelled:
      return offset_ == begin_ ? NotMade() : record.error;
    case JobState::kSucceeded:
      if (absl::IsNotFound(artifacts_.StatResult(id_).status()))
        return Missing();
      return record.result.has_value() && offset_ > record.result->file.size_bytes
                 ? PastEnd(offset_, record.result->file.size_bytes)
                 : absl::OkStatus();
    default:
      return CheckHasBytes();
  }
}

}  // namespace ruyi
