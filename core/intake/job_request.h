// Holds what a caller asks for when it wants a job: the video, and how the job is to be kept. Before it:
// server/convert. After it: job_intake.h. A value.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "core/base/call_context.h"
#include "core/job/job_record.h"
#include "core/request/generation_request.h"

namespace ruyi {

// An upload is named by this prefix and the SHA-256 of its bytes in hex.
inline constexpr absl::string_view kUploadPrefix = "images/";

// Limits of what callers may attach to a job.
inline constexpr int kMaxLabels = 32;
inline constexpr int kMaxLabelKeyBytes = 63;
inline constexpr int kMaxLabelValueBytes = 255;
inline constexpr int kMaxRequestIdBytes = 64;

struct JobRequest {
  CallContext caller;
  GenerationRequest generation;
  std::string request_id;      // the caller's, or empty
  std::string payload_digest;  // equal for equal requests, request_id apart
  std::map<std::string, std::string> labels;
  Priority priority = Priority::kNormal;
  bool cancel_on_disconnect = false;
  bool prefers_reuse = false;  // the bytes of an equal video are welcome
};

}  // namespace ruyi
