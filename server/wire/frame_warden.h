// Looks at the HTTP/2 frames that one connection's client sends, for those of which gRPC takes any number: headers
// without an end (CVE-2023-33953), calls that are begun and reset at once (CVE-2023-44487), and settings. Before it:
// the wire, by connection_guard.h. After it: gRPC, which reads the same bytes. Each connection has its own. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace ruyi {

struct FrameLimits {
  // Of the headers or trailers of one call, as they are encoded: eight times what gRPC takes when they are decoded, so
  // that callers with a little too much get gRPC's own answer.
  size_t header_bytes = size_t{64} << 10;
  int header_frames = 32;
  // Calls that may be reset at once, as many as a connection may have, and how many more in each second.
  double resets = 1024;
  double resets_per_second = 100;
  // Calls that may be begun before the client has taken note of the server's settings: until then gRPC does not hold it
  // to the number of calls at the same time.
  int early_calls = 1024;
  double settings = 100;
  double settings_per_second = 10;
};

class FrameWarden {
 public:
  // `now` is the time of Clock::Elapsed, here and in Look.
  FrameWarden(const FrameLimits& limits, absl::Duration now);

  // Looks at the next bytes of the connection, cut anywhere. Returns RESOURCE_EXHAUSTED when the client went over a
  // limit: the connection is to be closed, and gRPC must not see the bytes. What is no HTTP/2 is left to gRPC. Does not
  // block.
  absl::Status Look(std::string_view bytes, absl::Duration now);

 private:
  // Holds up to `most` tokens, which come back with time.
  struct Bucket {
    double most;
    double per_second;
    double tokens;
    absl::Duration last;

    bool Take(absl::Duration now);
  };

  absl::Status OnFrame(absl::Duration now);
  absl::Status OnCall();
  absl::Status OnHeaders();
  absl::Status OnSettings(bool is_ack, absl::Duration now);

  const FrameLimits limits_;
  Bucket resets_;
  Bucket settings_;
  size_t unread_;           // bytes of the preface or of a frame's payload that are still to come
  std::string head_;        // of the next frame, as far as it is there
  size_t block_bytes_ = 0;  // of the headers that are being sent
  int block_frames_ = 0;
  int early_calls_ = 0;
  bool knows_settings_ = false;
};

}  // namespace ruyi
