// Holds what proves to AWS, or to a store that speaks its language, who asks. Before it: credentials_provider.h. After
// it: aws_signer.h. A value. It must never be logged or written into a message.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace ruyi {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty for keys that do not expire
  absl::Time expire_time = absl::InfiniteFuture();
};

}  // namespace ruyi
