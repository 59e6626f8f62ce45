// Knows the tokens of a file, which may be read anew while calls go on. Before it: token_list.h. After it: the
// Doorkeeper. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/base/clock.h"
#include "server/identity/token_list.h"

namespace ruyi {

class TokenRegistry {
 public:
  // Knows no token before Reload. `clock` must outlive the object.
  TokenRegistry(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}

  // Reads the file. FAILED_PRECONDITION: see ReadTokens; the tokens stay as they were. Blocks on the disk.
  absl::Status Reload();

  // Returns whose a token is. UNAUTHENTICATED CREDENTIALS_INVALID, also for one that was revoked; CREDENTIALS_EXPIRED.
  // Takes the same time for every token that begins with a known id.
  absl::StatusOr<Identity> Check(std::string_view token) const;

 private:
  using Tokens = std::map<std::string, TokenEntry, std::less<>>;

  const std::string path_;
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const Tokens> tokens_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const Tokens>();
};

}  // namespace ruyi
