// MP4 bytes → chunk events: cut to size, numbered, with checksums. Before it: the video encoder. After it: the job's
// event sink. Not thread-safe.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <span>

#include "core/job/job_event.h"
#include "core/media/video_encoder.h"

namespace ruyi {

class Chunker final : public ByteSink {
 public:
  // `events` must outlive the chunker.
  explicit Chunker(JobEventSink* events);

  // Sends `bytes` on at once, in chunks of at most kMaxChunkBytes. Blocks while the sink does; returns its error.
  absl::Status Write(std::span<const uint8_t> bytes) override;

  // Sends the last chunk and returns what it says of the whole file. No bytes after it.
  absl::StatusOr<FileDigest> Finish();

 private:
  absl::Status Send(std::span<const uint8_t> bytes);

  using Hash = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

  JobEventSink* events_;
  Hash sha256_;
  int64_t offset_ = 0;
};

}  // namespace ruyi
