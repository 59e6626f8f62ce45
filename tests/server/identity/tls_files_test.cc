#include "server/identity/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_certificates.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TlsFilesTest : public testing::Test {
 protected:
  TlsPaths Write(const std::string& certificate, const std::string& key, const std::string& client_ca = "") {
    return {.certificate = folder_.Write("cert.pem", certificate).string(),
            .key = folder_.Write("key.pem", key).string(),
            .client_ca = client_ca.empty() ? "" : folder_.Write("ca.pem", client_ca).string()};
  }

  // Returns what is wrong, which shows nothing of the key.
  static absl::Status WrongIn(const TlsPaths& paths, const std::string& key) {
    const absl::Status status = ReadTlsFiles(paths, absl::Now()).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
    for (size_t i = 0; i + 16 <= key.size(); i += 16)
      EXPECT_THAT(std::string(status.message()), Not(HasSubstr(key.substr(i, 16))));
    return status;
  }

  const TemporaryFolder folder_;
  const TestAuthority authority_{"authority"};
  const TestPair pair_ = authority_.SignServer();
};

TEST_F(TlsFilesTest, TakesAPairWithItsChain) {
  ASSERT_OK_AND_ASSIGN(const TlsTexts texts, ReadTlsFiles(Write(pair_.certificate + authority_.certificate(), pair_.key,
                                                                authority_.certificate()),
                                                          absl::Now()));
  EXPECT_EQ(texts.certificate, pair_.certificate + authority_.certificate());
  EXPECT_EQ(texts.key, pair_.key);
  EXPECT_EQ(texts.client_ca, authority_.certificate());
  EXPECT_GT(texts.expires, absl::Now() + absl::Hours(23));
  EXPECT_LT(texts.expires, absl::Now() + absl::Hours(25));
}

TEST_F(TlsFilesTest, NamesAFileThatIsNotThere) {
  TlsPaths paths = Write(pair_.certificate, pair_.key);
  paths.key = (folder_.path() / "none.pem").string();
  EXPECT_THAT(std::string(WrongIn(paths, pair_.key).message()), HasSubstr("none.pem cannot be read"));
}

TEST_F(TlsFilesTest, RefusesTheKeyOfAnotherCertificate) {
  EXPECT_THAT(std::string(WrongIn(Write(pair_.certificate, authority_.SignServer().key), pair_.key).message()),
              AllOf(HasSubstr("key.pem"), HasSubstr("is not the key of the first certificate in")));
}

TEST_F(TlsFilesTest, RefusesWhatIsNoPem) {
  EXPECT_THAT(std::string(WrongIn(Write("nonsense", pair_.key), pair_.key).message()),
              HasSubstr("cert.pem is no list"));
  EXPECT_THAT(std::string(WrongIn(Write(pair_.certificate, "nonsense"), pair_.key).message()),
              HasSubstr("key.pem is no private key"));
  EXPECT_THAT(std::string(WrongIn(Write(pair_.certificate, pair_.key, "nonsense"), pair_.key).message()),
              HasSubstr("ca.pem is no list"));
}

TEST_F(TlsFilesTest, RefusesHalfOfACertificateBehindAWholeOne) {
  const std::string half = authority_.certificate().substr(0, 200) + "\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(std::string(WrongIn(Write(pair_.certificate + half, pair_.key), pair_.key).message()),
              HasSubstr("cert.pem is no list"));
}

TEST_F(TlsFilesTest, RefusesAKeyWithAPassphraseAndAsksNobody) {
  const std::string encrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBDN0FyW5OsvmNlgHnIx\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  EXPECT_THAT(std::string(WrongIn(Write(pair_.certificate, encrypted), pair_.key).message()),
              HasSubstr("without a passphrase"));
}

TEST_F(TlsFilesTest, RefusesACertificateThatHasExpiredOrIsNotValidYet) {
  const TestPair old = authority_.Sign({.common_name = "old", .end = absl::Now() - absl::Minutes(1)});
  EXPECT_THAT(std::string(WrongIn(Write(old.certificate, old.key), old.key).message()), HasSubstr("renew it"));
  const TestPair early = authority_.Sign({.common_name = "early", .begin = absl::Now() + absl::Hours(1)});
  EXPECT_THAT(std::string(WrongIn(Write(early.certificate, early.key), early.key).message()), HasSubstr("valid from"));
}

TEST_F(TlsFilesTest, RefusesAChainInTheWrongOrder) {
  EXPECT_THAT(
      std::string(
          WrongIn(Write(pair_.certificate + TestAuthority("stranger").certificate(), pair_.key), pair_.key).message()),
      HasSubstr("certificate 2 has not signed certificate 1"));
}

}  // namespace
}  // namespace ruyi
