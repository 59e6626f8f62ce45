// Says who is behind a credential. Before it: a token, a JWT or a client's certificate. After it: the CallContext. A
// value and functions without state; thread-safe.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/call_context.h"

namespace ruyi {

struct Identity {
  std::string principal;
  std::string tenant;
  Role role = Role::kUser;
};

// Returns true for 1 to 128 printable ASCII characters without spaces: what names of tenants and principals may be.
inline bool IsIdentityName(std::string_view text) {
  constexpr size_t kMostBytes = 128;
  return !text.empty() && text.size() <= kMostBytes &&
         std::all_of(text.begin(), text.end(), [](char letter) { return letter > ' ' && letter <= '~'; });
}

// Returns the role with this name, "user" or "admin"; nullopt when there is none.
inline std::optional<Role> RoleOf(std::string_view name) {
  if (name == "user")
    return Role::kUser;
  return name == "admin" ? std::optional(Role::kAdmin) : std::nullopt;
}

inline std::string_view NameOf(Role role) {
  return role == Role::kAdmin ? "admin" : "user";
}

}  // namespace ruyi
