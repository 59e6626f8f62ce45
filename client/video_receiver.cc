#include "client/video_receiver.h"

#include <isa-l/crc.h>

#include <string>

#include "absl/strings/str_format.h"

namespace ruyi::client {
namespace {

constexpr size_t kSha256Bytes = 32;

// CRC-32C as in RFC 3720; the library neither inverts nor takes const bytes.
uint32_t Crc32c(const std::string& data) {
  return ~crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<char*>(data.data())), static_cast<int>(data.size()),
                      ~0u);
}

}  // namespace

VideoReceiver::VideoReceiver(PartialFile* file) : file_(file), sha256_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
  EVP_DigestInit_ex(sha256_.get(), EVP_sha256(), nullptr);
}

absl::Status VideoReceiver::OnEvent(const v1::VideoEvent& event) {
  error_.Update(Handle(event));
  return error_;
}

absl::Status VideoReceiver::Handle(const v1::VideoEvent& event) {
  switch (event.event_case()) {
    case v1::VideoEvent::kAccepted:
      accepted_ = true;
      return absl::OkStatus();
    case v1::VideoEvent::kChunk:
      return OnChunk(event.chunk());
    case v1::VideoEvent::kCompleted:
      return OnCompleted(event.completed().video());
    case v1::VideoEvent::kFailed:
      failed_ = event.failed().status();
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

absl::Status VideoReceiver::OnChunk(const v1::VideoChunk& chunk) {
  if (absl::Status status = CheckChunk(chunk); !status.ok())
    return status;
  EVP_DigestUpdate(sha256_.get(), chunk.data().data(), chunk.data().size());
  received_bytes_ += static_cast<int64_t>(chunk.data().size());
  if (absl::Status status = file_->Write(chunk.data()); !status.ok())
    return status;
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

absl::Status VideoReceiver::OnCompleted(const v1::Video& video) {
  if (!whole_)
    return absl::DataLossError("the video is damaged: it was completed, but its last chunk did not come");
  completed_ = video;
  return absl::OkStatus();
}

}  // namespace ruyi::client
