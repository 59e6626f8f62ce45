// Macros that return early when an absl::Status or absl::StatusOr is an error. Used by every room; owns nothing;
// thread-safe.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define RUYI_CONCAT_INNER(a, b) a##b
#define RUYI_CONCAT(a, b) RUYI_CONCAT_INNER(a, b)

// Returns the status of `expression` from the enclosing function unless it is OK.
#define RUYI_RETURN_IF_ERROR(expression)                              \
  do {                                                                \
    if (absl::Status ruyi_status = (expression); !ruyi_status.ok()) { \
      return ruyi_status;                                             \
    }                                                                 \
  } while (false)

// Assigns the value of a StatusOr to `declaration`, or returns its status from the enclosing function.
#define RUYI_ASSIGN_OR_RETURN(declaration, expression) \
  RUYI_ASSIGN_OR_RETURN_INNER(RUYI_CONCAT(ruyi_status_or_, __LINE__), declaration, expression)
#define RUYI_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                        \
  if (!result.ok()) {                                                \
    return std::move(result).status();                               \
  }                                                                  \
  declaration = *std::move(result)
