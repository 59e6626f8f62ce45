#include "server/identity/server_certificates.h"

#include <fcntl.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr char kCertificate[] = "certificate.pem";
constexpr char kKey[] = "key.pem";
constexpr char kClientCa[] = "client_ca.pem";
constexpr char kCurrent[] = "current";
constexpr unsigned int kLookSeconds = 1;  // how often gRPC looks at our files

absl::Status CannotWrite(const std::filesystem::path& path, std::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrFormat("%s cannot be written: %s; the server keeps its certificate there", path.string(), why));
}

// Writes a file that only its owner can read.
absl::Status WriteFile(const std::filesystem::path& path, std::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0)
    return CannotWrite(path, std::strerror(errno));
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR)
      break;
    text.remove_prefix(std::max<ssize_t>(written, 0));
  }
  const int error = errno;
  close(file);
  return text.empty() ? absl::OkStatus() : CannotWrite(path, std::strerror(error));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerCertificates>> ServerCertificates::Open(TlsPaths paths,
                                                                             std::filesystem::path folder,
                                                                             const Clock& clock) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  std::filesystem::create_directories(folder, error);
  if (!error)
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error)
    return CannotWrite(folder, error.message());
  std::unique_ptr<ServerCertificates> opened(new ServerCertificates(std::move(paths), std::move(folder), clock));
  RUYI_RETURN_IF_ERROR(opened->Reload());
  return opened;
}

ServerCertificates::~ServerCertificates() {
  std::error_code ignored;  // the next start removes what is left
  std::filesystem::remove_all(folder_, ignored);
}

absl::Status ServerCertificates::Reload() {
  RUYI_ASSIGN_OR_RETURN(const TlsTexts texts, ReadTlsFiles(paths_, clock_.Now()));
  RUYI_RETURN_IF_ERROR(Install(texts));
  expires_ = absl::ToUnixSeconds(texts.expires);
  return absl::OkStatus();
}

// gRPC may be reading the copies before the new ones; those before them nobody reads any more.
absl::Status ServerCertificates::Install(const TlsTexts& texts) {
  const std::string name = absl::StrCat(++generation_);
  const std::filesystem::path copies = folder_ / name;
  std::error_code error;
  std::filesystem::create_directories(copies, error);
  if (error)
    return CannotWrite(copies, error.message());
  RUYI_RETURN_IF_ERROR(WriteFile(copies / kCertificate, texts.certificate));
  RUYI_RETURN_IF_ERROR(WriteFile(copies / kKey, texts.key));
  if (!paths_.client_ca.empty())
    RUYI_RETURN_IF_ERROR(WriteFile(copies / kClientCa, texts.client_ca));
  const std::filesystem::path link = folder_ / absl::StrCat(kCurrent, ".", name);
  std::filesystem::create_directory_symlink(name, link, error);
  if (!error)
    std::filesystem::rename(link, folder_ / kCurrent, error);
  if (error)
    return CannotWrite(folder_ / kCurrent, error.message());
  std::filesystem::remove_all(folder_ / absl::StrCat(generation_ - 2), error);
  return absl::OkStatus();
}

std::shared_ptr<grpc::ServerCredentials> ServerCertificates::Credentials() const {
  const std::filesystem::path current = folder_ / kCurrent;
  const bool asks_clients = !paths_.client_ca.empty();
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          (current / kKey).string(), (current / kCertificate).string(),
          asks_clients ? (current / kClientCa).string() : "", kLookSeconds));
  options.watch_identity_key_cert_pairs();
  if (asks_clients) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace ruyi
