#include "server/app/flag_range.h"

#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "core/base/duration_text.h"

namespace ruyi {

CLI::Validator WholeNumber(int64_t least, int64_t most, const std::string& what) {
  const std::string limits = absl::StrFormat("%d to %d", least, most);
  return CLI::Validator(
      [=](std::string& text) {
        int64_t number = 0;
        if (absl::SimpleAtoi(text, &number) && number >= least && number <= most)
          return std::string();
        return absl::StrFormat("'%s' is not a whole number of %s from %s", text, what, limits);
      },
      limits);
}

CLI::Validator SecondsUpTo(int64_t most) {
  const std::string limits = absl::StrFormat("0 to %d", most);
  return CLI::Validator(
      [=](std::string& text) {
        double seconds = 0;
        if (absl::SimpleAtod(text, &seconds) && seconds >= 0 && seconds <= static_cast<double>(most))
          return std::string();
        return absl::StrFormat("'%s' is not a number of seconds from %s (%s); give the number alone, such as 90", text,
                               limits, DurationText(absl::Seconds(most)));
      },
      limits);
}

}  // namespace ruyi
