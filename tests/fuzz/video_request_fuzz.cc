// Any bytes given as a GenerateVideoRequest. Each violation names its field, and equal messages have equal digests.
#include <ruyi/v1/video_service.pb.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "core/intake/check_ticket.h"
#include "core/request/limits.h"
#include "server/convert/payload_digest.h"
#include "server/convert/request_from_proto.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

void Require(bool is_right) {
  if (!is_right)
    std::abort();
}

void RequireFields(const std::vector<ruyi::FieldViolation>& violations) {
  for (const ruyi::FieldViolation& violation : violations)
    Require(!violation.field.empty() && !violation.description.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ruyi::v1::GenerateVideoRequest proto;
  if (!proto.ParseFromArray(data, static_cast<int>(size)))
    return 0;
  const ruyi::RequestLimits limits;
  const ruyi::JobRequest request = ruyi::JobRequestFromProto(proto, limits);
  RequireFields(request.generation.unreadable);
  RequireFields(ruyi::CheckTicket(request));
  ruyi::v1::EstimateVideoRequest estimate;
  *estimate.mutable_request() = proto;
  RequireFields(ruyi::FromProto(estimate, limits).job.generation.unreadable);

  ruyi::v1::GenerateVideoRequest copy = proto;
  copy.set_request_id("another");
  Require(ruyi::PayloadDigest(copy) == ruyi::PayloadDigest(proto));
  return 0;
}
