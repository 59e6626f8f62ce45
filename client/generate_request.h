// Turns options into the request, and reads the pictures from disk. Before it: CommandLine. After it: VideoClient.
// Thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "client/request_options.h"
#include "ruyi/v1/video_service.pb.h"

namespace ruyi::client {

// Makes the request. Blocks on the disk. The error names the flag, the number and the path of a picture that is a
// folder, empty or unreadable. The server judges what the pictures hold.
absl::StatusOr<v1::GenerateVideoRequest> MakeGenerateRequest(const RequestOptions& options);

}  // namespace ruyi::client
