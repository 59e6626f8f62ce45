// Any text given as a stored spec, placement, event, record or status. What is read can be written and read again.
#include <cstdlib>

#include "core/job/job_json.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

void Require(bool is_right) {
  if (!is_right)
    std::abort();
}

template <typename T>
void RoundTrip(std::string_view text, absl::StatusOr<T> (*read)(std::string_view), std::string (*write)(const T&)) {
  const absl::StatusOr<T> value = read(text);
  if (!value.ok()) {
    Require(absl::IsDataLoss(value.status()));
    return;
  }
  const std::string written = write(*value);
  const absl::StatusOr<T> again = read(written);
  Require(again.ok() && write(*again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RoundTrip(text, ruyi::SpecFromJson, ruyi::SpecToJson);
  RoundTrip(text, ruyi::PlacementFromJson, ruyi::PlacementToJson);
  RoundTrip(text, ruyi::EventFromJson, ruyi::EventToJson);
  RoundTrip(text, ruyi::RecordFromJson, ruyi::RecordToJson);
  absl::Status status;
  const absl::Status read = ruyi::StatusFromJson(text, status);
  Require(read.ok() || absl::IsDataLoss(read));
  return 0;
}
