// gMock matchers for absl::Status and absl::StatusOr. Functions without state; thread-safe.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/error_info.h"
#include "core/base/status_macros.h"

namespace ruyi {

// So that GoogleTest shows a violation as text.
inline void PrintTo(const FieldViolation& violation, std::ostream* out) {
  *out << violation.field << ": " << violation.description;
}

inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}

template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, negation ? "is an error" : "is OK") {
  *result_listener << "whose status is " << StatusOf(arg);
  return arg.ok();
}

MATCHER_P(StatusIs, code, "has the code " + absl::StatusCodeToString(code)) {
  *result_listener << "whose status is " << StatusOf(arg);
  return StatusOf(arg).code() == code;
}

// `message` is a matcher of std::string or a text.
MATCHER_P2(StatusIs, code, message, "has the code " + absl::StatusCodeToString(code) + " and a certain message") {
  *result_listener << "whose status is " << StatusOf(arg) << " ";
  return StatusOf(arg).code() == code &&
         testing::ExplainMatchResult(message, std::string(StatusOf(arg).message()), result_listener);
}

// The reason is one of core/base/error_reasons.h; "" when there is none.
MATCHER_P(HasReason, expected, "has the reason " + std::string(expected)) {
  *result_listener << "whose status is " << StatusOf(arg);
  return GetErrorInfo(StatusOf(arg)).reason == std::string_view(expected);
}

}  // namespace ruyi

// Assigns the value of a StatusOr to `declaration`, or fails and ends the test with its status.
#define ASSERT_OK_AND_ASSIGN(declaration, expression) \
  RUYI_ASSERT_OK_AND_ASSIGN_INNER(RUYI_CONCAT(ruyi_status_or_, __LINE__), declaration, expression)
#define RUYI_ASSERT_OK_AND_ASSIGN_INNER(result, declaration, expression) \
  auto result = (expression);                                            \
  ASSERT_THAT(result, ::ruyi::IsOk());                                   \
  declaration = *std::move(result)
