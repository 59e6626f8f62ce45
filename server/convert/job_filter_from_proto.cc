#include "server/convert/job_filter_from_proto.h"

#include <optional>

#include "absl/strings/str_format.h"
#include "core/base/error_info.h"
#include "core/intake/job_request.h"
#include "server/convert/video_to_proto.h"

namespace ruyi {

absl::StatusOr<int> PageSizeFromProto(int32_t page_size) {
  constexpr int kMaxPageSize = 1000;
  constexpr int kDefaultPageSize = 50;
  if (page_size < 0 || page_size > kMaxPageSize) {
    return InvalidFields({{"page_size", absl::StrFormat("%d is out of range; use 1 to %d, or leave it out for %d",
                                                        page_size, kMaxPageSize, kDefaultPageSize)}});
  }
  return page_size == 0 ? kDefaultPageSize : page_size;
}

absl::StatusOr<JobFilter> JobFilterFromProto(const google::protobuf::RepeatedField<int>& states,
                                             const google::protobuf::Map<std::string, std::string>& labels) {
  JobFilter filter;
  if (labels.size() > kMaxLabels)
    return InvalidFields({{"labels", absl::StrFormat("%d given; send at most %d", labels.size(), kMaxLabels)}});
  filter.labels = {labels.begin(), labels.end()};
  for (const int number : states) {
    const std::optional<JobState> state = FromProto(static_cast<ruyi::v1::VideoState>(number));
    if (!state.has_value())
      return InvalidFields({{"states", absl::StrFormat("%d is no state of a video", number)}});
    filter.states.insert(*state);
  }
  return filter;
}

}  // namespace ruyi
