// Runs SeaweedFS, a server that speaks S3 and checks signatures, as the peer of a test program: on ports that are free,
// with its data in a temporary folder. One is started when a test asks for it first, and killed at the end of the
// program. Thread-safe once it runs.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/s3/s3_client.h"

namespace ruyi {

class Seaweed {
 public:
  static constexpr char kAccessKey[] = "AKIDTEST";
  static constexpr char kSecret[] = "a/secret+of=tests";
  static constexpr char kBucket[] = "ruyi-tests";

  // Returns the program's one, which runs and has the bucket.
  static Seaweed& Get();

  ~Seaweed();

  // Returns where a test that names itself `prefix` may keep objects.
  S3Location LocationOf(const std::string& prefix) const;

  // Returns a client of that place. It does not wait between attempts.
  std::unique_ptr<S3Client> ClientOf(const std::string& prefix) const;

  // Returns the same, with parts of the test's own.
  std::unique_ptr<S3Client> ClientOf(const std::string& prefix, std::unique_ptr<HttpClient> http,
                                     const std::string& secret = kSecret, const Clock& clock = Clock::Real()) const;

  int port() const { return port_; }

 private:
  Seaweed();
  void Start();
  bool AwaitBucket() const;
  bool IsRunning() const;
  std::vector<std::string> Arguments(const std::vector<int>& ports) const;

  std::filesystem::path folder_;
  int port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace ruyi
