// Says how a server is to run: the values of its flags. Before it: server/app/command_line. After it:
// server/app/server. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/media/image_decoder.h"
#include "core/request/generation_request.h"

namespace ruyi {

enum class ComputeType { kAuto, kFloat32, kBfloat16 };

// Says how several devices work together.
enum class Parallel {
  kNone,  // each makes videos of its own
  kCfg,   // two make one video: each computes one branch of classifier-free guidance
};

// Says who may call, by the files that hold credentials; empty names: there is none.
struct AccessOptions {
  std::string tls_cert;  // with tls_key
  std::string tls_key;
  std::string tls_client_ca;
  bool insecure = false;  // plaintext may go beyond this machine
  std::string tokens;
  std::string jwt_jwks;  // with jwt_audience and jwt_issuer
  std::string jwt_audience;
  std::string jwt_issuer;
  std::string quotas;  // of tenants
};

struct ServerOptions {
  std::string model;                       // folder in the layout of Ruyi-Mini-7B
  std::string listen = "127.0.0.1:50051";  // host:port of the API; port 0: any free one
  AccessOptions access;
  std::string metrics_listen = "127.0.0.1:9090";  // host:port of /metrics; port 0: any free one
  std::string health_listen;                      // host:port of health without TLS, or empty
  std::string admin_listen = "127.0.0.1:50052";   // host:port of AdminService; port 0: any free one; empty: none
  std::string admin_page = "127.0.0.1:50054";     // host:port of the operator's page; likewise, of this machine alone
  bool channelz = false;                          // gRPC's own, on admin_listen
  int queue_capacity = 16;                        // jobs that may wait
  absl::Duration drain_timeout = absl::Seconds(30);
  std::string state_dir;                            // where jobs and their bytes are kept
  std::string store = "sqlite";                     // where jobs are kept instead: postgresql://..., with its password
  std::string artifacts;                            // folder or s3:// URL of the bytes; empty: in state_dir
  absl::Duration result_ttl = absl::Hours(24);      // from a job's end until its bytes go
  absl::Duration record_ttl = absl::Hours(7 * 24);  // from a job's end until its record goes
  absl::Duration input_ttl = absl::Hours(24);       // of uploads, from the last time that they came
  std::optional<int64_t> disk_budget_mib;           // of all bytes of jobs; absent: what the disk has
  absl::Duration checkpoint_interval = absl::Seconds(30);
  ImageLimits image;
  std::string lora_dir;                        // where requests may take LoRAs from, or empty
  int max_loras = 4;                           // of one request
  Fp8Settings fp8;                             // how the weights are loaded
  std::vector<std::string> devices = {"cpu"};  // where to compute: cpu; or cuda and cuda:N, each once
  Parallel parallel = Parallel::kNone;         // kCfg: an even number of GPUs
  std::optional<int> vram_budget_mib;          // of each device; absent: what is free
  std::string calibration_file;                // keeps what the warm-up measures, or empty
  int threads = 0;                             // of computation; 0: one per core
  ComputeType dtype = ComputeType::kAuto;
  bool reflection = true;
  std::string otlp_endpoint;  // URL of the collector of traces, without /v1/traces, or empty
  std::string port_file;      // where to write the ports, or empty
  std::string log_level = "info";
};

// Returns true when `store` names a database that servers share. Whether it is there is found out when it is opened.
inline bool IsSharedStore(const std::string& store) {
  return store.starts_with("postgresql://") || store.starts_with("postgres://");
}

}  // namespace ruyi
