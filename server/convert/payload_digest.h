// Computes the digest by which two requests are seen to ask for the same. Before it: the message. After it: the job
// store, which compares the digests of requests that come with the same request_id. A function without state;
// thread-safe.
#pragma once

#include <ruyi/v1/video_service.pb.h>

#include <string>

namespace ruyi {

// Returns the sha256 in hex of everything in `request` but its request_id. Pictures count by their content, whether
// they come as bytes or as the name of an upload; fields that this server does not know count too.
std::string PayloadDigest(const ruyi::v1::GenerateVideoRequest& request);

}  // namespace ruyi
