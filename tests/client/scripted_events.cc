#include "tests/client/scripted_events.h"

#include <google/protobuf/util/time_util.h>
#include <google/rpc/error_details.pb.h>
#include <openssl/evp.h>

#include <algorithm>

namespace ruyi::client {
namespace {

using google::protobuf::util::TimeUtil;

constexpr uint32_t kCastagnoli = 0x82F63B78;  // reflected

std::string Sha256(const std::string& data) {
  std::string digest(32, '\0');
  EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha256(), nullptr);
  return digest;
}

v1::Video AcceptedVideo() {
  v1::Video video;
  video.set_name("videos/7");
  v1::VideoSettings& settings = *video.mutable_settings();
  settings.mutable_size()->set_width(64);
  settings.mutable_size()->set_height(48);
  settings.set_frame_count(9);
  settings.set_sampler(v1::SAMPLER_DDIM);
  settings.set_steps(25);
  settings.set_guidance_scale(7);
  settings.set_seed(42);
  return video;
}

}  // namespace

uint32_t SlowCrc32c(std::string_view data) {
  uint32_t crc = ~0u;
  for (const char byte : data) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kCastagnoli : 0);
    }
  }
  return ~crc;
}

v1::VideoEvent AcceptedEvent() {
  v1::VideoEvent event;
  *event.mutable_accepted()->mutable_video() = AcceptedVideo();
  return event;
}

v1::VideoEvent QueuedEvent(int position) {
  v1::VideoEvent event;
  event.mutable_queued()->set_position(position);
  return event;
}

v1::VideoEvent ProgressEvent(v1::Phase phase, int step, int total, int eta_s) {
  v1::VideoEvent event;
  event.mutable_progress()->set_phase(phase);
  event.mutable_progress()->set_step(step);
  event.mutable_progress()->set_total(total);
  if (eta_s >= 0)
    *event.mutable_progress()->mutable_eta() = TimeUtil::SecondsToDuration(eta_s);
  return event;
}

v1::VideoEvent RetryEvent() {
  v1::VideoEvent event;
  event.mutable_retry()->mutable_from()->set_resident_blocks(20);
  event.mutable_retry()->mutable_from()->set_resident_states(10);
  event.mutable_retry()->mutable_to()->set_resident_blocks(10);
  event.mutable_retry()->mutable_to()->set_resident_states(5);
  event.mutable_retry()->set_reason("no memory for 1 GiB");
  return event;
}

v1::VideoChunk Chunk(int64_t offset, const std::string& data) {
  v1::VideoChunk chunk;
  chunk.set_offset(offset);
  chunk.set_data(data);
  chunk.set_crc32c(SlowCrc32c(data));
  return chunk;
}

v1::VideoChunk LastChunk(const std::string& film) {
  v1::VideoChunk chunk = Chunk(static_cast<int64_t>(film.size()), "");
  chunk.set_last(true);
  chunk.set_total_size_bytes(static_cast<int64_t>(film.size()));
  chunk.set_sha256(Sha256(film));
  return chunk;
}

v1::VideoEvent CompletedEvent(const std::string& film) {
  v1::VideoEvent event;
  v1::Video& video = *event.mutable_completed()->mutable_video();
  video = AcceptedVideo();
  video.mutable_result()->set_size_bytes(static_cast<int64_t>(film.size()));
  video.mutable_result()->set_sha256(Sha256(film));
  *video.mutable_usage()->mutable_conditioning() = TimeUtil::SecondsToDuration(1);
  *video.mutable_usage()->mutable_denoising() = TimeUtil::SecondsToDuration(2);
  *video.mutable_usage()->mutable_decoding() = TimeUtil::MillisecondsToDuration(500);
  return event;
}

v1::VideoEvent FailedEvent(const google::rpc::Status& status) {
  v1::VideoEvent event;
  *event.mutable_failed()->mutable_status() = status;
  return event;
}

v1::VideoEvent HeartbeatEvent() {
  v1::VideoEvent event;
  event.mutable_heartbeat();
  return event;
}

std::vector<v1::VideoChunk> ChunksOf(const std::string& film, size_t chunk_bytes) {
  std::vector<v1::VideoChunk> chunks;
  for (size_t offset = 0; offset < film.size(); offset += chunk_bytes)
    chunks.push_back(Chunk(static_cast<int64_t>(offset), film.substr(offset, chunk_bytes)));
  chunks.push_back(LastChunk(film));
  return chunks;
}

google::rpc::Status DetailedStatus(grpc::StatusCode code, const std::string& message, const std::string& reason,
                                   const std::vector<FieldError>& violations, int retry_ms) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("ruyi");
  status.add_details()->PackFrom(info);
  google::rpc::BadRequest bad_request;
  for (const FieldError& error : violations) {
    auto& violation = *bad_request.add_field_violations();
    violation.set_field(error.field);
    violation.set_description(error.description);
  }
  if (!violations.empty())
    status.add_details()->PackFrom(bad_request);
  google::rpc::RetryInfo retry;
  *retry.mutable_retry_delay() = TimeUtil::MillisecondsToDuration(retry_ms);
  if (retry_ms > 0)
    status.add_details()->PackFrom(retry);
  return status;
}

google::rpc::Status NothingFitsStatus() {
  google::rpc::Status status = DetailedStatus(grpc::FAILED_PRECONDITION, "no memory mode fits", "VRAM_BUDGET");
  google::rpc::PreconditionFailure failure;
  for (const char* subject : {"20 blocks, 5 states", "0 blocks, 1 states"}) {
    auto& violation = *failure.add_violations();
    violation.set_type("VRAM_BUDGET");
    violation.set_subject(subject);
    violation.set_description("would take too much");
  }
  status.add_details()->PackFrom(failure);
  return status;
}

grpc::Status ToGrpc(const google::rpc::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), status.message(), status.SerializeAsString());
}

}  // namespace ruyi::client
