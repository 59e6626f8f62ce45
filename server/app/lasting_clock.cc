#include "server/app/lasting_clock.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

constexpr char kAgeKey[] = "aging_time_ns";
constexpr char kWallKey[] = "time_of_day_ns";

// Both times at one moment.
struct Moment {
  absl::Time age;
  absl::Time wall;
};

absl::StatusOr<Moment> ParseMoment(const nlohmann::json& object) {
  RUYI_ASSIGN_OR_RETURN(const int64_t age, GetInt(object, kAgeKey));
  RUYI_ASSIGN_OR_RETURN(const int64_t wall, GetInt(object, kWallKey));
  return Moment{.age = absl::FromUnixNanos(age), .wall = absl::FromUnixNanos(wall)};
}

}  // namespace

LastingClock::LastingClock(std::filesystem::path path, const Clock& machine)
    : path_(std::move(path)), machine_(machine), begin_(Resume()), begin_elapsed_(machine.Elapsed()) {}

absl::Time LastingClock::Resume() const {
  const absl::StatusOr<Moment> last = ParseJsonFile(path_, ParseMoment);
  if (!last.ok())
    return machine_.Now();
  return last->age + std::clamp(machine_.Now() - last->wall, absl::ZeroDuration(), kMostAway);
}

absl::Time LastingClock::AgingTime() const {
  const absl::Time age = Age();
  absl::MutexLock lock(&mutex_);
  if (age - saved_ >= kSaveInterval) {
    saved_ = age;
    Save(age);
  }
  return age;
}

void LastingClock::Save(absl::Time age) const {
  WriteJsonFile(path_, {{kAgeKey, absl::ToUnixNanos(age)}, {kWallKey, absl::ToUnixNanos(machine_.Now())}})
      .IgnoreError();
}

}  // namespace ruyi
