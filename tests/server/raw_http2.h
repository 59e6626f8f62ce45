// A connection that speaks HTTP/2 frame by frame, as no gRPC client would let a test do. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ruyi {

// Types and flags of RFC 9113.
inline constexpr uint8_t kSettingsFrame = 4;
inline constexpr uint8_t kPingFrame = 6;
inline constexpr uint8_t kGoawayFrame = 7;
inline constexpr uint8_t kAck = 1;

struct Http2Frame {
  uint8_t type = 0;
  uint8_t flags = 0;
  std::string payload;
};

class RawHttp2 {
 public:
  // Connects to `port` of this machine, and says nothing yet.
  explicit RawHttp2(int port);
  ~RawHttp2();

  // Sends the preface and empty settings, which every connection begins with.
  void Greet();

  // Sends a frame of the connection as a whole.
  void Send(const Http2Frame& frame);

  // The next frame; nullopt when the server has closed the connection. Blocks.
  std::optional<Http2Frame> Read();

  // The next frame of this type and these flags; nullopt when the server has closed the connection. Blocks.
  std::optional<Http2Frame> Await(uint8_t type, uint8_t flags = 0);

 private:
  // Exactly so many bytes; nullopt when the connection ends before.
  std::optional<std::string> Receive(size_t size);

  int socket_;
};

}  // namespace ruyi
