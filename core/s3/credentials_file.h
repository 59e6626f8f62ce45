// Reads credentials from one section of AWS's shared file, ~/.aws/credentials. The file is read each time, so that keys
// may be changed under a running server. Thread-safe.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "core/s3/credentials_provider.h"

namespace ruyi {

class CredentialsFile final : public CredentialsProvider {
 public:
  CredentialsFile(std::string path, std::string profile) : path_(std::move(path)), profile_(std::move(profile)) {}

  // UNAVAILABLE: the file cannot be read, or its section has not both keys. Blocks on the disk.
  absl::StatusOr<AwsCredentials> Get() override;
  void Expire() override {}

 private:
  const std::string path_;
  const std::string profile_;
};

}  // namespace ruyi
