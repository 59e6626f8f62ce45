// Options → the request, with the pictures read from disk. Before it: CommandLine. After it: VideoClient. Thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "client/request_options.h"
#include "ruyi/v1/video_service.pb.h"

namespace ruyi::client {

// Blocks on the disk. The error names the flag, the number and the path of a picture that is a folder, empty or
// unreadable. What the pictures hold is for the server to judge.
absl::StatusOr<v1::GenerateVideoRequest> MakeGenerateRequest(const RequestOptions& options);

}  // namespace ruyi::client
