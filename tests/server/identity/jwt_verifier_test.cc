#include "server/identity/jwt_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/error_reasons.h"
#include "tests/server/identity/test_jwt.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Keys take a while to make.
const TestJwtKey& RsaKey() {
  static const auto& key = *new TestJwtKey("rsa", TestJwtKey::Kind::kRsa);
  return key;
}

const TestJwtKey& EcKey() {
  static const auto& key = *new TestJwtKey("ec", TestJwtKey::Kind::kP256);
  return key;
}

class JwtVerifierTest : public testing::Test {
 protected:
  JwtVerifierTest() { Trust({RsaKey().PublicKey(), EcKey().PublicKey()}); }

  void Trust(const std::vector<json>& keys) {
    folder_.Write("jwks.json", KeySetOf(keys));
    EXPECT_THAT(verifier_.Reload(), IsOk());
  }

  // Returns right claims, with `changes` in them; null takes one out.
  json Claims(const json& changes = json::object()) const {
    json claims = {{"iss", "issuer"},
                   {"aud", "ruyi"},
                   {"sub", "ana"},
                   {"tenant", "film"},
                   {"exp", absl::ToUnixSeconds(clock_.Now()) + 600}};
    claims.merge_patch(changes);
    return claims;
  }
  int64_t Seconds(absl::Duration from_now) const { return absl::ToUnixSeconds(clock_.Now() + from_now); }

  absl::Status CheckClaims(const json& changes) { return verifier_.Check(EcKey().Sign(Claims(changes))).status(); }

  void ExpectInvalid(const std::string& token, const std::string& why) {
    const absl::Status status = verifier_.Check(token).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr(why)));
    EXPECT_THAT(status, HasReason(reason::kCredentialsInvalid));
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  JwtVerifier verifier_{{.jwks = (folder_.path() / "jwks.json").string(), .audience = "ruyi", .issuer = "issuer"},
                        clock_};
};

TEST_F(JwtVerifierTest, TakesBothAlgorithms) {
  for (const TestJwtKey* key : {&RsaKey(), &EcKey()}) {
    ASSERT_OK_AND_ASSIGN(const Identity identity, verifier_.Check(key->Sign(Claims())));
    EXPECT_EQ(identity.principal, "ana");
    EXPECT_EQ(identity.tenant, "film");
    EXPECT_EQ(identity.role, Role::kUser);
  }
}

TEST_F(JwtVerifierTest, TakesTheRole) {
  EXPECT_EQ(verifier_.Check(EcKey().Sign(Claims({{"role", "admin"}})))->role, Role::kAdmin);
  EXPECT_THAT(CheckClaims({{"role", "root"}}), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(CheckClaims({{"role", "root"}}), HasReason(reason::kUnknownRole));
  EXPECT_THAT(CheckClaims({{"role", 7}}), HasReason(reason::kUnknownRole));
}

TEST_F(JwtVerifierTest, WantsATenantAndASubject) {
  for (const json& changes : {json{{"tenant", nullptr}}, json{{"tenant", ""}}, json{{"tenant", "two words"}},
                              json{{"tenant", 7}}, json{{"sub", nullptr}}}) {
    EXPECT_THAT(CheckClaims(changes), StatusIs(absl::StatusCode::kPermissionDenied)) << changes;
    EXPECT_THAT(CheckClaims(changes), HasReason(reason::kNoTenant));
  }
}

TEST_F(JwtVerifierTest, AllowsClocksToDifferByAMinute) {
  EXPECT_THAT(CheckClaims({{"exp", Seconds(-absl::Seconds(59))}}), IsOk());
  EXPECT_THAT(CheckClaims({{"exp", Seconds(-absl::Seconds(60))}}), HasReason(reason::kCredentialsExpired));
  EXPECT_THAT(CheckClaims({{"exp", Seconds(-absl::Seconds(60))}}), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(CheckClaims({{"nbf", Seconds(absl::Seconds(60))}}), IsOk());
  EXPECT_THAT(CheckClaims({{"nbf", Seconds(absl::Seconds(61))}}), HasReason(reason::kCredentialsInvalid));
}

TEST_F(JwtVerifierTest, WantsTimesThatAreNumbers) {
  for (const json& changes : {json{{"exp", nullptr}}, json{{"exp", "tomorrow"}}, json{{"nbf", "today"}}})
    ExpectInvalid(EcKey().Sign(Claims(changes)), "'exp'");
}

TEST_F(JwtVerifierTest, WantsItsIssuerAndAudience) {
  for (const json& changes : {json{{"iss", "other"}}, json{{"iss", nullptr}}, json{{"aud", "other"}},
                              json{{"aud", nullptr}}, json{{"aud", json::array({"a", "b"})}}})
    ExpectInvalid(EcKey().Sign(Claims(changes)), "issuer or audience");
  EXPECT_THAT(CheckClaims({{"aud", json::array({"other", "ruyi"})}}), IsOk());
}

TEST_F(JwtVerifierTest, RefusesWhatIsNoSignedToken) {
  ExpectInvalid("", "no signed JWT");
  ExpectInvalid("ruyi_0123456789ab_0", "no signed JWT");
  ExpectInvalid("a.b.c", "no signed JWT");
  const std::string header = absl::WebSafeBase64Escape(R"({"alg":"none"})");
  EXPECT_THAT(verifier_.Check(absl::StrCat(header, ".", absl::WebSafeBase64Escape(Claims().dump()), ".")),
              HasReason(reason::kCredentialsInvalid));
}

TEST_F(JwtVerifierTest, RefusesChangedClaims) {
  const std::string token = EcKey().Sign(Claims());
  const size_t begin = token.find('.') + 1;
  const size_t end = token.find('.', begin);
  ExpectInvalid(absl::StrCat(token.substr(0, begin), absl::WebSafeBase64Escape(Claims({{"tenant", "x"}}).dump()),
                             token.substr(end)),
                "signature is wrong");
}

TEST_F(JwtVerifierTest, RefusesKeysThatAreNotTrusted) {
  const TestJwtKey stranger("stranger", TestJwtKey::Kind::kP256);
  ExpectInvalid(stranger.Sign(Claims()), "'kid'");
  ExpectInvalid(stranger.Sign(Claims(), {{"kid", "ec"}}), "signature is wrong");
  ExpectInvalid(EcKey().Sign(Claims(), {{"kid", nullptr}}), "'kid'");
  ExpectInvalid(EcKey().Sign(Claims(), {{"kid", "rsa"}}), "algorithm");
}

// A public key taken for a shared secret would let everybody sign.
TEST_F(JwtVerifierTest, RefusesOtherAlgorithms) {
  const TestJwtKey secret("ec", TestJwtKey::Kind::kSecret);
  ExpectInvalid(secret.Sign(Claims()), "algorithm");
  ExpectInvalid(RsaKey().Sign(Claims(), {{"alg", "PS256"}}), "algorithm");
  ExpectInvalid(RsaKey().Sign(Claims(), {{"alg", "RS512"}}), "algorithm");
}

TEST_F(JwtVerifierTest, RefusesHeadersThatAskForMore) {
  ExpectInvalid(EcKey().Sign(Claims(), {{"crit", json::array({"b64"})}, {"b64", false}}), "'crit'");
}

TEST_F(JwtVerifierTest, TheOnlyKeyNeedsNoName) {
  Trust({EcKey().PublicKey()});
  EXPECT_THAT(verifier_.Check(EcKey().Sign(Claims(), {{"kid", nullptr}})), IsOk());
}

TEST_F(JwtVerifierTest, FollowsTheFileAndKeepsItsKeysWhenThatIsBroken) {
  const std::string token = EcKey().Sign(Claims());
  folder_.Write("jwks.json", "half of a fi");
  EXPECT_THAT(verifier_.Reload(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("jwks.json")));
  EXPECT_THAT(verifier_.Check(token), IsOk());
  Trust({RsaKey().PublicKey()});
  ExpectInvalid(token, "'kid'");
}

TEST_F(JwtVerifierTest, TakesOnlyKeysThatServe) {
  json for_encryption = EcKey().PublicKey();
  for_encryption["use"] = "enc";
  for (const json& key : {for_encryption, TestJwtKey("k", TestJwtKey::Kind::kSecret).PublicKey(),
                          TestJwtKey("k", TestJwtKey::Kind::kShortRsa).PublicKey(),
                          TestJwtKey("k", TestJwtKey::Kind::kP384).PublicKey(), json(7)}) {
    folder_.Write("jwks.json", KeySetOf({key}));
    EXPECT_THAT(verifier_.Reload(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no key that serves")))
        << key;
  }
  folder_.Write("jwks.json", "{}");
  EXPECT_THAT(verifier_.Reload(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(JwtVerifierTest, TrustsNobodyBeforeItHasRead) {
  const JwtVerifier empty({}, clock_);
  EXPECT_THAT(empty.Check(EcKey().Sign(Claims())), HasReason(reason::kCredentialsInvalid));
}

}  // namespace
}  // namespace ruyi
