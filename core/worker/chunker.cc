#include "core/worker/chunker.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <string>

#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr size_t kSha256Bytes = 32;

// CRC-32C as in RFC 3720; the library neither inverts nor takes const bytes.
uint32_t Crc32c(const std::string& data) {
  return ~crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<char*>(data.data())), static_cast<int>(data.size()),
                      ~0u);
}

}  // namespace

Chunker::Chunker(JobEventSink* events) : events_(events), sha256_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
  EVP_DigestInit_ex(sha256_.get(), EVP_sha256(), nullptr);
}

absl::Status Chunker::Write(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), kMaxChunkBytes);
    RUYI_RETURN_IF_ERROR(Send(bytes.first(size)));
    bytes = bytes.subspan(size);
  }
  return absl::OkStatus();
}

absl::Status Chunker::Send(std::span<const uint8_t> bytes) {
  JobChunk chunk;
  chunk.offset = offset_;
  chunk.data.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  chunk.crc32c = Crc32c(chunk.data);
  EVP_DigestUpdate(sha256_.get(), bytes.data(), bytes.size());
  offset_ += static_cast<int64_t>(bytes.size());
  return events_->OnEvent(std::move(chunk));
}

absl::StatusOr<FileDigest> Chunker::Finish() {
  FileDigest digest;
  digest.size_bytes = offset_;
  digest.sha256.resize(kSha256Bytes);
  EVP_DigestFinal_ex(sha256_.get(), reinterpret_cast<unsigned char*>(digest.sha256.data()), nullptr);
  RUYI_RETURN_IF_ERROR(events_->OnEvent(JobChunk{.offset = offset_, .crc32c = Crc32c(""), .digest = digest}));
  return digest;
}

}  // namespace ruyi
