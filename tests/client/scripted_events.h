// The events and errors that a fake server sends. Pure; thread-safe.
#pragma once

#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ruyi/v1/video_event.pb.h"

namespace ruyi::client {

// Computes CRC-32C bit by bit, so that it is not the code under test.
uint32_t SlowCrc32c(std::string_view data);

// Returns the acceptance of "videos/7": 64x48, 9 frames, 25 steps, seed 42.
v1::VideoEvent AcceptedEvent();
v1::VideoEvent QueuedEvent(int position);
// Returns progress; `eta_s` < 0 means that eta is absent.
v1::VideoEvent ProgressEvent(v1::Phase phase, int step, int total, int eta_s = -1);
// Returns a retry that goes from 20 blocks, 10 states to 10 blocks, 5 states.
v1::VideoEvent RetryEvent();
v1::VideoChunk Chunk(int64_t offset, const std::string& data);
// The last chunk of `film`.
v1::VideoChunk LastChunk(const std::string& film);
// Returns the completion, with a usage of 1 s conditioning, 2 s denoising, 0.5 s decoding.
v1::VideoEvent CompletedEvent(const std::string& film);
v1::VideoEvent FailedEvent(const google::rpc::Status& status);
v1::VideoEvent HeartbeatEvent();

// Returns the film in chunks of `chunk_bytes`, and the last chunk.
std::vector<v1::VideoChunk> ChunksOf(const std::string& film, size_t chunk_bytes);

// A status with ErrorInfo and, unless they are empty or 0, BadRequest and RetryInfo.
struct FieldError {
  std::string field;
  std::string description;
};
google::rpc::Status DetailedStatus(grpc::StatusCode code, const std::string& message, const std::string& reason,
                                   const std::vector<FieldError>& violations = {}, int retry_ms = 0);

// Returns VRAM_BUDGET with two memory modes, neither of which fits.
google::rpc::Status NothingFitsStatus();

// Returns the status as it travels in the trailers.
grpc::Status ToGrpc(const google::rpc::Status& status);

}  // namespace ruyi::client
