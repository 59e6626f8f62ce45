#include "server/app/access.h"

#include <utility>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "server/app/log.h"

namespace ruyi {
namespace {

prometheus::MetricFamily Family(const std::string& name, const std::string& help, prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

void AddCount(prometheus::MetricFamily& family, std::vector<prometheus::ClientMetric::Label> labels, int64_t count) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = static_cast<double>(count);
  family.metric.push_back(std::move(metric));
}

}  // namespace

Access::Access(const AccessOptions& options, const Clock& clock) : options_(options), clock_(clock), told_(clock) {}

absl::StatusOr<std::shared_ptr<Access>> Access::Open(const AccessOptions& options, const std::filesystem::path& folder,
                                                     const Clock& clock) {
  std::shared_ptr<Access> access(new Access(options, clock));
  RUYI_RETURN_IF_ERROR(access->OpenSources(folder));
  Doorkeeper::Parts parts = {
      .clock = &clock,
      .has_certificates = !options.tls_client_ca.empty(),
      .on_refused = [opened = access.get()](const auto& refusal) { opened->OnRefused(refusal); }};
  if (access->tokens_ != nullptr || access->jwt_ != nullptr)
    parts.check_token = [opened = access.get()](std::string_view token) { return opened->Check(token); };
  access->doorkeeper_ = std::make_unique<Doorkeeper>(std::move(parts));
  return access;
}

absl::Status Access::OpenSources(const std::filesystem::path& folder) {
  if (!options_.tls_cert.empty()) {
    WatchedFiles files({options_.tls_cert, options_.tls_key, options_.tls_client_ca});
    files.HaveChanged();
    RUYI_ASSIGN_OR_RETURN(certificates_, ServerCertificates::Open({.certificate = options_.tls_cert,
                                                                   .key = options_.tls_key,
                                                                   .client_ca = options_.tls_client_ca},
                                                                  folder, clock_));
    absl::MutexLock lock(&refresh_mutex_);
    sources_.push_back(
        {.kind = "tls", .files = std::move(files), .reload = [this] { return certificates_->Reload(); }});
  }
  if (!options_.tokens.empty()) {
    tokens_ = std::make_unique<TokenRegistry>(options_.tokens, clock_);
    RUYI_RETURN_IF_ERROR(Add(
        {.kind = "tokens", .files = WatchedFiles({options_.tokens}), .reload = [this] { return tokens_->Reload(); }}));
  }
  if (options_.jwt_jwks.empty())
    return absl::OkStatus();
  jwt_ = std::make_unique<JwtVerifier>(
      JwtOptions{.jwks = options_.jwt_jwks, .audience = options_.jwt_audience, .issuer = options_.jwt_issuer}, clock_);
  return Add({.kind = "jwks", .files = WatchedFiles({options_.jwt_jwks}), .reload = [this] { return jwt_->Reload(); }});
}

void Access::Watch(std::shared_ptr<Quotas> quotas) {
  WatchedFiles files({options_.quotas});
  files.HaveChanged();
  absl::MutexLock lock(&refresh_mutex_);
  sources_.push_back({.kind = "quotas", .files = std::move(files), .reload = [quotas] { return quotas->Reload(); }});
}

absl::Status Access::Add(Source source) {
  source.files.HaveChanged();
  RUYI_RETURN_IF_ERROR(source.reload());
  absl::MutexLock lock(&refresh_mutex_);
  sources_.push_back(std::move(source));
  return absl::OkStatus();
}

std::shared_ptr<grpc::ServerCredentials> Access::Credentials() const {
  return certificates_ == nullptr ? grpc::InsecureServerCredentials() : certificates_->Credentials();
}

void Access::Refresh(bool all) {
  absl::MutexLock lock(&refresh_mutex_);
  for (Source& source : sources_) {
    if (source.files.HaveChanged() || all)
      OnRead(source.kind, source.reload());
  }
}

// Tokens of the server's own begin with their prefix, which no JWT does.
absl::StatusOr<Identity> Access::Check(std::string_view token) const {
  const bool is_own = token.substr(0, kTokenPrefix.size()) == kTokenPrefix;
  if (jwt_ != nullptr && (!is_own || tokens_ == nullptr))
    return jwt_->Check(token);
  return tokens_->Check(token);
}

void Access::OnRead(const std::string& kind, const absl::Status& status) {
  if (status.ok())
    Log(LogLevel::kInfo, "credentials_read", {{"kind", kind}});
  else
    Log(LogLevel::kError, "credentials_kept",
        {{"kind", kind}, {"message", std::string(status.message()) + "; what was read before stays in use"}});
  absl::MutexLock lock(&mutex_);
  ++reads_[{kind, status.ok() ? "ok" : "failed"}];
}

void Access::OnRefused(const Doorkeeper::Refusal& refusal) {
  const std::string reason = GetErrorInfo(refusal.why).reason;
  {
    absl::MutexLock lock(&mutex_);
    ++refused_[reason];
  }
  if (told_.WaitOf(refusal.peer, "") > absl::ZeroDuration())
    return;
  told_.OnWrong(refusal.peer);
  Log(LogLevel::kWarning, "call_refused",
      {{"peer", refusal.peer},
       {"call_id", refusal.call_id},
       {"traceparent", refusal.traceparent},
       {"method", refusal.method},
       {"code", absl::StatusCodeToString(refusal.why.code())},
       {"reason", reason},
       {"message", std::string(refusal.why.message())}});
}

std::vector<prometheus::MetricFamily> Access::Collect() const {
  prometheus::MetricFamily refused = Family("ruyi_calls_unauthorized_total", "Calls that were not let in, by reason.",
                                            prometheus::MetricType::Counter);
  prometheus::MetricFamily reads =
      Family("ruyi_credential_reads_total",
             "Files of certificates (tls), tokens, keys of JWTs (jwks) and quotas that were read again, by result.",
             prometheus::MetricType::Counter);
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [reason, count] : refused_)
      AddCount(refused, {{"reason", reason}}, count);
    for (const auto& [read, count] : reads_)
      AddCount(reads, {{"kind", read.first}, {"result", read.second}}, count);
  }
  std::vector<prometheus::MetricFamily> families = {std::move(refused), std::move(reads)};
  if (certificates_ == nullptr)
    return families;
  families.push_back(Family("ruyi_tls_certificate_expiry_timestamp_seconds",
                            "When the certificate that is in use expires, in seconds since 1970.",
                            prometheus::MetricType::Gauge));
  families.back().metric.emplace_back();
  families.back().metric.back().gauge.value = static_cast<double>(absl::ToUnixSeconds(certificates_->expires()));
  return families;
}

}  // namespace ruyi
