// A PostgreSQL server for tests and benchmarks: a cluster in a temporary folder, reached by a socket there and nowhere
// else, of a user without rights where the test is root. It ends with the object, or with the process however that
// ends. Not thread-safe, but for Url and NewSchema.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

namespace ruyi {

class PostgresCluster {
 public:
  // Says whether a change waits for the disk, which costs tests time and is what benchmarks measure.
  enum class Sync { kOff, kOn };

  // Makes a cluster and starts its server; ends the process with a message where that fails. Blocks for a second or
  // two.
  explicit PostgresCluster(Sync sync = Sync::kOff);
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;
  ~PostgresCluster();

  // Returns the cluster that the tests of this process share. It is made when it is asked for first.
  static PostgresCluster& Shared();

  // Makes an empty schema, and returns the URL of the database whose tables lie there.
  std::string NewSchema();

  // Returns the URL of the whole database.
  std::string Url() const;

  // Runs commands in the database of `url`, and returns the first value that the last of them gave, or "".
  static std::string Run(const std::string& url, const std::string& sql);

  // Ends the server at once, as a crash does; then there is nobody at the socket.
  void Kill();

  // Starts it again. Blocks until it answers.
  void Start();

 private:
  void Make();
  pid_t Spawn(const std::vector<std::string>& arguments) const;
  std::string Program(const std::string& name) const;

  const Sync sync_;
  std::filesystem::path folder_;
  std::atomic<int> schemas_ = 0;
  pid_t server_ = 0;
};

}  // namespace ruyi
