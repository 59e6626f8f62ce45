// Events → the MP4 file, every byte checked. Before it: VideoClient. After it: a PartialFile, which it does not own and
// does not commit. Not thread-safe.
#pragma once

#include <google/rpc/status.pb.h>
#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "client/partial_file.h"
#include "client/video_event_handler.h"

namespace ruyi::client {

class VideoReceiver final : public VideoEventHandler {
 public:
  // `file` must outlive the receiver.
  explicit VideoReceiver(PartialFile* file);

  // DATA_LOSS when bytes are missing or damaged; the file's error when it cannot be written.
  absl::Status OnEvent(const v1::VideoEvent& event) override;

  // The first error of OnEvent.
  const absl::Status& error() const { return error_; }

  // Whether the server has made a job of the request.
  bool accepted() const { return accepted_; }

  // The finished video: all its bytes have come, were right and are in the file.
  const std::optional<v1::Video>& completed() const { return completed_; }

  // Why the server did not make it.
  const std::optional<google::rpc::Status>& failed() const { return failed_; }

 private:
  using Hash = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

  absl::Status Handle(const v1::VideoEvent& event);
  absl::Status OnChunk(const v1::VideoChunk& chunk);
  absl::Status CheckChunk(const v1::VideoChunk& chunk) const;
  absl::Status CheckWhole(const v1::VideoChunk& last);
  absl::Status OnCompleted(const v1::Video& video);

  PartialFile* file_;
  Hash sha256_;
  int64_t received_bytes_ = 0;
  bool whole_ = false;
  bool accepted_ = false;
  absl::Status error_;
  std::optional<v1::Video> completed_;
  std::optional<google::rpc::Status> failed_;
};

}  // namespace ruyi::client
