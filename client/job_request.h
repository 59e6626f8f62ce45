// Writes JobOptions into the fields of a request. Before it: the command line. After it: CreateVideo. Pure;
// thread-safe.
#pragma once

#include "client/job_options.h"
#include "ruyi/v1/video_service.pb.h"

namespace ruyi::client {

void SetJobOptions(const JobOptions& options, v1::GenerateVideoRequest& request);

}  // namespace ruyi::client
