// Writes chunks into the MP4 file and checks every byte. Before it: VideoClient::Download. After it: a PartialFile,
// which it neither owns nor commits. Not thread-safe.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "client/partial_file.h"
#include "ruyi/v1/video_event.pb.h"

namespace ruyi::client {

class VideoReceiver {
 public:
  // `file` must outlive the receiver.
  explicit VideoReceiver(PartialFile* file);

  // Takes the bytes that the file has already into account. To be called before the first chunk. Blocks on the disk.
  absl::Status TakeExisting();

  // Checks and writes a chunk. DATA_LOSS: bytes are missing or damaged. Other errors: those of the file when it cannot
  // be written.
  absl::Status OnChunk(const v1::VideoChunk& chunk);

  // Returns the first error of OnChunk.
  const absl::Status& error() const { return error_; }

  // Returns how many bytes are in the file, which is where the next chunk must begin.
  int64_t received_bytes() const { return received_bytes_; }

  // Returns true when all bytes have come, were right and are in the file.
  bool whole() const { return whole_; }

 private:
  using Hash = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

  absl::Status Handle(const v1::VideoChunk& chunk);
  absl::Status CheckChunk(const v1::VideoChunk& chunk) const;
  absl::Status CheckWhole(const v1::VideoChunk& last);
  void Count(const char* data, size_t size);

  PartialFile* file_;
  Hash sha256_;
  int64_t received_bytes_ = 0;
  bool whole_ = false;
  absl::Status error_;
};

}  // namespace ruyi::client
