// Starts a whole server that lets in a user and an administrator by their tokens, or one that lets in everybody. Serves
// tests of what administrators may do. Not thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "absl/time/clock.h"
#include "server/identity/token_list.h"
#include "tests/server/app/running_server.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {

class ServerWithTokensTest : public testing::Test {
 protected:
  void Start() {
    running_.emplace(options_);
    ASSERT_THAT(running_->status(), IsOk());
  }

  // Starts a server with a token of each role.
  void StartWithTokens() {
    options_.server.access.tokens = (folder_.path() / "tokens.json").string();
    ASSERT_THAT(WriteTokens(options_.server.access.tokens, {user_.entry, admin_.entry}), IsOk());
    Start();
  }

  const TemporaryFolder folder_{".tokens"};
  const NewToken user_ = MakeToken("film", Role::kUser, absl::Now(), std::nullopt);
  const NewToken admin_ = MakeToken("ops", Role::kAdmin, absl::Now(), std::nullopt);
  RunningOptions options_;
  std::optional<RunningServer> running_;
};

}  // namespace ruyi
