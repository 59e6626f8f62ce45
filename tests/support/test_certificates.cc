#include "tests/support/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <functional>

namespace ruyi {
namespace {

using Key = std::unique_ptr<EVP_PKEY, OpensslRelease>;
using Certificate = std::unique_ptr<X509, OpensslRelease>;

std::string PemOf(const std::function<void(BIO*)>& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

void AddExtension(X509* certificate, const X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, const_cast<X509*>(issuer), certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Makes a certificate for `key` that nobody has signed.
Certificate Unsigned(EVP_PKEY* key, const CertificateOptions& options) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  uint32_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(options.begin));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(options.end));
  X509_set_pubkey(certificate.get(), key);
  if (!options.common_name.empty()) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1, 0);
  }
  return certificate;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name) : key_(EVP_EC_gen("P-256")) {
  certificate_ = Unsigned(key_.get(), {.common_name = name});
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_.get(), certificate_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign(certificate_.get(), key_.get(), EVP_sha256());
}

std::string TestAuthority::certificate() const {
  return PemOf([&](BIO* bio) { PEM_write_bio_X509(bio, certificate_.get()); });
}

TestPair TestAuthority::Sign(const CertificateOptions& options) const {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = Unsigned(key.get(), options);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  if (!options.alternative_names.empty())
    AddExtension(certificate.get(), certificate_.get(), NID_subject_alt_name, options.alternative_names);
  X509_sign(certificate.get(), key_.get(), EVP_sha256());
  return {
      .certificate = PemOf([&](BIO* bio) { PEM_write_bio_X509(bio, certificate.get()); }),
      .key = PemOf([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

}  // namespace ruyi
