#include "core/pem/pem_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"
#include "tests/support/test_certificates.h"

namespace ruyi {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kEncryptedKey[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBDN0FyW5OsvmNlgHnIx\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

class PemTextTest : public testing::Test {
 protected:
  PemText Certificate() const { return {"cert.pem", pair_.certificate}; }
  PemText Key() const { return {"key.pem", pair_.key}; }

  static void ExpectWrong(const absl::Status& status, const std::string& message) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }

  const TestAuthority authority_{"authority"};
  const TestPair pair_ = authority_.SignServer();
};

TEST_F(PemTextTest, TakesAPair) {
  EXPECT_THAT(CheckPair(Certificate(), Key()), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto chain, CertificatesOf({"chain.pem", pair_.certificate + authority_.certificate()}));
  EXPECT_EQ(chain.size(), 2);
}

TEST_F(PemTextTest, NamesBothFilesWhenTheyAreNoPair) {
  ExpectWrong(CheckPair(Certificate(), {"other.pem", authority_.SignServer().key}),
              "other.pem is not the key of the first certificate in cert.pem");
}

TEST_F(PemTextTest, NamesTheFileThatIsNoPem) {
  ExpectWrong(CheckPair({"cert.pem", "nonsense"}, Key()), "cert.pem is no list of certificates");
  ExpectWrong(CheckPair(Certificate(), {"key.pem", "nonsense"}), "key.pem is no private key");
  ExpectWrong(CheckPair(Key(), Certificate()), "key.pem is no list of certificates");
  const std::string half = authority_.certificate().substr(0, 200) + "\n-----END CERTIFICATE-----\n";
  ExpectWrong(CertificatesOf({"chain.pem", pair_.certificate + half}).status(), "chain.pem is no list");
}

TEST_F(PemTextTest, RefusesAKeyWithAPassphraseAndAsksNobody) {
  ExpectWrong(KeyOf({"key.pem", kEncryptedKey}).status(), "without a passphrase");
}

TEST_F(PemTextTest, ShowsNothingOfTheKey) {
  const absl::Status status = CheckPair(Certificate(), {"key.pem", "-----BEGIN PRIVATE KEY-----\nsecret"});
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace ruyi
