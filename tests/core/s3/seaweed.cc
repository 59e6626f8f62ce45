#include "tests/core/s3/seaweed.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "core/base/wake_up.h"
#include "core/http/curl_http_client.h"
#include "tests/core/http/patient_options.h"

namespace ruyi {
namespace {

constexpr int kPorts = 8;

// Returns ports that nobody used a moment ago.
std::vector<int> FreePorts() {
  std::vector<int> sockets;
  std::vector<int> ports;
  for (int i = 0; i < kPorts; ++i) {
    sockets.push_back(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address = {.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof address;
    bind(sockets.back(), reinterpret_cast<const sockaddr*>(&address), size);
    getsockname(sockets.back(), reinterpret_cast<sockaddr*>(&address), &size);
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int one : sockets)
    close(one);
  return ports;
}

class TestCredentials final : public CredentialsProvider {
 public:
  explicit TestCredentials(std::string secret) : secret_(std::move(secret)) {}
  absl::StatusOr<AwsCredentials> Get() override {
    return AwsCredentials{.access_key_id = Seaweed::kAccessKey, .secret_access_key = secret_};
  }
  void Expire() override {}

 private:
  const std::string secret_;
};

pid_t Spawn(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const pid_t pid = fork();
  if (pid != 0)
    return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  execv(pointers[0], pointers.data());
  _exit(127);
}

}  // namespace

Seaweed& Seaweed::Get() {
  static Seaweed seaweed;
  return seaweed;
}

Seaweed::Seaweed() : folder_(std::filesystem::path(testing::TempDir()) / absl::StrCat("seaweed.", getpid())) {
  std::filesystem::create_directories(folder_ / "data");
  std::ofstream(folder_ / "s3.json") << R"({"identities":[{"name":"tests","credentials":[{"accessKey":")" << kAccessKey
                                     << R"(","secretKey":")" << kSecret
                                     << R"("}],"actions":["Admin","Read","Write","List"]}]})";
  constexpr int kStarts = 3;  // somebody may take a port before SeaweedFS does
  for (int start = 0; start < kStarts && !IsRunning(); ++start)
    Start();
  EXPECT_TRUE(IsRunning()) << "SeaweedFS (" << RUYI_WEED << ") does not start; its log is in " << folder_;
}

Seaweed::~Seaweed() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Seaweed::Start() {
  const std::vector<int> ports = FreePorts();
  port_ = ports[0];
  pid_ = Spawn(Arguments(ports), folder_ / "log");
  if (!AwaitBucket() && IsRunning())
    kill(pid_, SIGKILL);
}

std::vector<std::string> Seaweed::Arguments(const std::vector<int>& ports) const {
  std::vector<std::string> arguments = {RUYI_WEED,
                                        "server",
                                        "-dir=" + (folder_ / "data").string(),
                                        "-ip=127.0.0.1",
                                        "-ip.bind=127.0.0.1",
                                        "-s3",
                                        "-s3.config=" + (folder_ / "s3.json").string(),
                                        "-s3.port.iceberg=0",
                                        "-s3.port.lance=0",
                                        "-master.telemetry=false",
                                        "-master.volumeSizeLimitMB=64",
                                        "-volume.preStopSeconds=0",
                                        "-volume.max=32"};
  const std::vector<std::string> flags = {"s3.port",     "s3.port.grpc",     "filer.port",  "filer.port.grpc",
                                          "master.port", "master.port.grpc", "volume.port", "volume.port.grpc"};
  for (size_t i = 0; i < flags.size(); ++i)
    arguments.push_back(absl::StrCat("-", flags[i], "=", ports[i]));
  return arguments;
}

bool Seaweed::IsRunning() const {
  return pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == 0;
}

// Its ports are open some seconds before it can write.
bool Seaweed::AwaitBucket() const {
  constexpr absl::Duration kPatience = absl::Minutes(20);
  const std::unique_ptr<S3Client> client = ClientOf("");
  const absl::Duration give_up = Clock::Real().Elapsed() + kPatience;
  while (IsRunning() && Clock::Real().Elapsed() < give_up) {
    if (client->Put("", "").ok() && client->Put("ready", "yes").ok())
      return true;
    WakeUp().Wait(absl::Milliseconds(100));
  }
  return false;
}

S3Location Seaweed::LocationOf(const std::string& prefix) const {
  return *ParseS3Url(absl::StrCat("s3://", kBucket, "/", prefix, "?endpoint=http://127.0.0.1:", port_),
                     [](const std::string&) { return std::nullopt; });
}

std::unique_ptr<S3Client> Seaweed::ClientOf(const std::string& prefix) const {
  return ClientOf(prefix, std::make_unique<CurlHttpClient>(PatientOptions()));
}

std::unique_ptr<S3Client> Seaweed::ClientOf(const std::string& prefix, std::unique_ptr<HttpClient> http,
                                            const std::string& secret, const Clock& clock) const {
  return std::make_unique<S3Client>(S3Client::Parts{.location = LocationOf(prefix),
                                                    .http = std::move(http),
                                                    .credentials = std::make_unique<TestCredentials>(secret),
                                                    .clock = &clock,
                                                    .wait = [](absl::Duration) {}});
}

}  // namespace ruyi
