#include "server/tracing/trace_context.h"

#include <algorithm>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/digest/sha256.h"

namespace ruyi {
namespace {

constexpr size_t kTraceDigits = 32;
constexpr size_t kSpanDigits = 16;

bool IsId(std::string_view text) {
  const bool is_hex = std::all_of(text.begin(), text.end(), [](char letter) {
    return absl::ascii_isxdigit(letter) && !absl::ascii_isupper(letter);
  });
  return is_hex && text.find_first_not_of('0') != std::string_view::npos;
}

// Returns the value of a hex digit in lower case.
int ValueOf(char digit) {
  return absl::ascii_isdigit(digit) ? digit - '0' : digit - 'a' + 10;
}

}  // namespace

std::optional<TraceContext> ParseTraceparent(std::string_view text) {
  constexpr std::string_view kForm = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  const bool has_form =
      text.size() == kForm.size() && std::equal(text.begin(), text.end(), kForm.begin(), [](char letter, char form) {
        return form == 'x' ? absl::ascii_isxdigit(letter) && !absl::ascii_isupper(letter) : letter == form;
      });
  if (!has_form)
    return std::nullopt;
  const std::string_view trace_id = text.substr(3, kTraceDigits);
  const std::string_view span_id = text.substr(4 + kTraceDigits, kSpanDigits);
  if (!IsId(trace_id) || !IsId(span_id))
    return std::nullopt;
  return TraceContext{
      .trace_id = std::string(trace_id), .span_id = std::string(span_id), .is_sampled = ValueOf(text.back()) % 2 == 1};
}

std::string TraceparentOf(const TraceContext& context) {
  return absl::StrCat("00-", context.trace_id, "-", context.span_id, context.is_sampled ? "-01" : "-00");
}

std::string DrawTraceId() {
  return absl::StrCat(DrawSpanId(), DrawSpanId());
}

std::string DrawSpanId() {
  absl::BitGen random;
  return absl::StrFormat("%016x", absl::Uniform<uint64_t>(absl::IntervalOpenClosed, random, 0, UINT64_MAX));
}

std::string TraceIdOf(std::string_view name) {
  return Sha256Hex(absl::StrCat("trace ", absl::string_view(name.data(), name.size()))).substr(0, kTraceDigits);
}

std::string SpanIdOf(std::string_view name) {
  return Sha256Hex(absl::StrCat("span ", absl::string_view(name.data(), name.size()))).substr(0, kSpanDigits);
}

}  // namespace ruyi
