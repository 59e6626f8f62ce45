#include "core/base/duration_text.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace ruyi {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

// Returns "2 h 31 min"; without the smaller unit where there is none of it.
std::string TwoUnits(absl::Duration duration, absl::Duration unit, const char* name, absl::Duration smaller,
                     const char* smaller_name) {
  const absl::Duration whole = absl::Ceil(duration, smaller);
  const int64_t units = whole / unit;
  const int64_t rest = (whole - units * unit) / smaller;
  if (rest == 0)
    return absl::StrFormat("%d %s", units, name);
  return absl::StrFormat("%d %s %d %s", units, name, rest, smaller_name);
}

}  // namespace

std::string DurationText(absl::Duration duration) {
  constexpr absl::Duration kTenth = absl::Milliseconds(100);
  if (duration == absl::InfiniteDuration())
    return "for ever";
  const absl::Duration exact = absl::Trunc(std::max(duration, absl::ZeroDuration()), absl::Milliseconds(1));
  if (const absl::Duration tenths = absl::Ceil(exact, kTenth); tenths < absl::Seconds(10))
    return absl::StrFormat("%g s", absl::ToDoubleSeconds(tenths));
  if (const absl::Duration seconds = absl::Ceil(exact, absl::Seconds(1)); seconds < absl::Minutes(1))
    return absl::StrFormat("%d s", absl::ToInt64Seconds(seconds));
  if (absl::Ceil(exact, absl::Seconds(1)) < absl::Hours(1))
    return TwoUnits(exact, absl::Minutes(1), "min", absl::Seconds(1), "s");
  if (absl::Ceil(exact, absl::Minutes(1)) < kDay)
    return TwoUnits(exact, absl::Hours(1), "h", absl::Minutes(1), "min");
  return TwoUnits(exact, kDay, "d", absl::Hours(1), "h");
}

}  // namespace ruyi
