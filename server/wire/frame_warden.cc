#include "server/wire/frame_warden.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace ruyi {
namespace {

// RFC 9113, sections 3.4, 4.1 and 6.
constexpr size_t kPrefaceBytes = 24;
constexpr size_t kHeadBytes = 9;
constexpr uint8_t kHeaders = 1;
constexpr uint8_t kResetStream = 3;
constexpr uint8_t kSettings = 4;
constexpr uint8_t kContinuation = 9;
constexpr uint8_t kAck = 1;

absl::Status TooMany(std::string_view what) {
  return absl::ResourceExhaustedError(absl::StrFormat("the client sends too many %s", what));
}

uint8_t ByteAt(std::string_view bytes, size_t index) {
  return static_cast<uint8_t>(bytes[index]);
}

}  // namespace

bool FrameWarden::Bucket::Take(absl::Duration now) {
  tokens = std::min(most, tokens + per_second * absl::ToDoubleSeconds(now - last));
  last = now;
  if (tokens < 1)
    return false;
  tokens -= 1;
  return true;
}

FrameWarden::FrameWarden(const FrameLimits& limits, absl::Duration now)
    : limits_(limits),
      resets_{limits.resets, limits.resets_per_second, limits.resets, now},
      settings_{limits.settings, limits.settings_per_second, limits.settings, now},
      unread_(kPrefaceBytes) {}

absl::Status FrameWarden::Look(std::string_view bytes, absl::Duration now) {
  while (!bytes.empty()) {
    const size_t skipped = std::min(unread_, bytes.size());
    unread_ -= skipped;
    bytes.remove_prefix(skipped);
    const std::string_view taken = bytes.substr(0, kHeadBytes - head_.size());
    head_ += taken;
    bytes.remove_prefix(taken.size());
    if (head_.size() < kHeadBytes)
      break;
    const absl::Status status = OnFrame(now);
    head_.clear();
    if (!status.ok())
      return status;
  }
  return absl::OkStatus();
}

absl::Status FrameWarden::OnFrame(absl::Duration now) {
  unread_ = size_t{ByteAt(head_, 0)} << 16 | size_t{ByteAt(head_, 1)} << 8 | ByteAt(head_, 2);
  switch (ByteAt(head_, 3)) {
    case kHeaders:
      return OnCall();
    case kContinuation:
      return OnHeaders();
    case kResetStream:
      return resets_.Take(now) ? absl::OkStatus() : TooMany("resets of calls");
    case kSettings:
      return OnSettings((ByteAt(head_, 4) & kAck) != 0, now);
    default:
      return absl::OkStatus();
  }
}

absl::Status FrameWarden::OnCall() {
  block_bytes_ = 0;
  block_frames_ = 0;
  if (!knows_settings_ && ++early_calls_ > limits_.early_calls)
    return TooMany("calls before it has answered the settings");
  return OnHeaders();
}

absl::Status FrameWarden::OnHeaders() {
  block_bytes_ += unread_;
  ++block_frames_;
  if (block_bytes_ > limits_.header_bytes || block_frames_ > limits_.header_frames)
    return TooMany("headers of one call");
  return absl::OkStatus();
}

absl::Status FrameWarden::OnSettings(bool is_ack, absl::Duration now) {
  knows_settings_ |= is_ack;
  return is_ack || settings_.Take(now) ? absl::OkStatus() : TooMany("settings");
}

}  // namespace ruyi
