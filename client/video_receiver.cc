#include "client/video_receiver.h"

#include <isa-l/crc.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"

namespace ruyi::client {
namespace {

constexpr size_t kSha256Bytes = 32;
constexpr size_t kBlockBytes = 1 << 20;

// Returns the CRC-32C as in RFC 3720; the library neither inverts nor takes const bytes.
uint32_t Crc32c(const std::string& data) {
  return ~crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<char*>(data.data())), static_cast<int>(data.size()),
                      ~0u);
}

}  // namespace

VideoReceiver::VideoReceiver(PartialFile* file) : file_(file), sha256_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
  EVP_DigestInit_ex(sha256_.get(), EVP_sha256(), nullptr);
}

absl::Status VideoReceiver::TakeExisting() {
  std::ifstream file(file_->temporary_path(), std::ios::binary);
  for (std::vector<char> block(kBlockBytes); file.read(block.data(), kBlockBytes) || file.gcount() > 0;)
    Count(block.data(), static_cast<size_t>(file.gcount()));
  if (file.is_open() && !file.bad())
    return absl::OkStatus();
  return absl::UnknownError(absl::StrFormat("cannot read %s", file_->temporary_path()));
}

absl::Status VideoReceiver::OnChunk(const v1::VideoChunk& chunk) {
  error_.Update(Handle(chunk));
  return error_;
}

void VideoReceiver::Count(const char* data, size_t size) {
  EVP_DigestUpdate(sha256_.get(), data, size);
  received_bytes_ += static_cast<int64_t>(size);
}

absl::Status VideoReceiver::Handle(const v1::VideoChunk& chunk) {
  if (absl::Status status = CheckChunk(chunk); !status.ok())
    return status;
  if (absl::Status status = file_->Write(chunk.data()); !status.ok())
    return status;
  Count(chunk.data().data(), chunk.data().size());
  return chunk.last() ? CheckWhole(chunk) : absl::OkStatus();
}

absl::Status VideoReceiver::CheckChunk(const v1::VideoChunk& chunk) const {
  if (whole_)
    return absl::DataLossError("the video is damaged: bytes came after its end");
  if (chunk.offset() != received_bytes_) {
    return absl::DataLossError(absl::StrFormat("the video is damaged: a chunk begins at byte %d instead of %d",
                                               chunk.offset(), received_bytes_));
  }
  if (chunk.crc32c() != Crc32c(chunk.data())) {
    return absl::DataLossError(
        absl::StrFormat("the video is damaged: wrong checksum of the chunk at byte %d", chunk.offset()));
  }
  return absl::OkStatus();
}

absl::Status VideoReceiver::CheckWhole(const v1::VideoChunk& last) {
  if (last.total_size_bytes() != received_bytes_) {
    return absl::DataLossError(
        absl::StrFormat("the video is damaged: %d bytes came instead of %d", received_bytes_, last.total_size_bytes()));
  }
  std::string sha256(kSha256Bytes, '\0');
  EVP_DigestFinal_ex(sha256_.get(), reinterpret_cast<unsigned char*>(sha256.data()), nullptr);
  if (sha256 != last.sha256())
    return absl::DataLossError("the video is damaged: wrong SHA-256 of the file");
  whole_ = true;
  return absl::OkStatus();
}

}  // namespace ruyi::client
