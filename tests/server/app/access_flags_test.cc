#include "server/app/access_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kEverywhere[] = "0.0.0.0:50051";
constexpr char kHere[] = "127.0.0.1:50051";

AccessOptions Tls() {
  return {.tls_cert = "cert.pem", .tls_key = "key.pem"};
}

TEST(AccessFlags, PlaintextStaysOnThisMachineUnlessItIsAskedFor) {
  EXPECT_EQ(WrongAccess({}, kHere, "--listen"), "");
  EXPECT_THAT(WrongAccess({}, kEverywhere, "--listen"),
              AllOf(HasSubstr("--listen: 0.0.0.0:50051"), HasSubstr("--tls-cert"), HasSubstr("127.0.0.1"),
                    HasSubstr("--insecure")));
  EXPECT_THAT(WrongAccess({}, kEverywhere, "--admin-listen"), HasSubstr("--admin-listen: 0.0.0.0:50051"));
  EXPECT_EQ(WrongAccess({.insecure = true}, kEverywhere, "--listen"), "");
  EXPECT_EQ(WrongAccess(Tls(), kEverywhere, "--listen"), "");
}

TEST(AccessFlags, TokensNeverTravelUnencryptedToOthers) {
  EXPECT_EQ(WrongAccess({.tokens = "tokens.json"}, kHere, "--listen"), "");
  EXPECT_THAT(WrongAccess({.insecure = true, .tokens = "tokens.json"}, kEverywhere, "--listen"),
              HasSubstr("unencrypted"));
  EXPECT_THAT(WrongAccess({.insecure = true, .jwt_jwks = "jwks.json", .jwt_audience = "a", .jwt_issuer = "i"},
                          kEverywhere, "--listen"),
              HasSubstr("unencrypted"));
  AccessOptions both = Tls();
  both.tokens = "tokens.json";
  EXPECT_EQ(WrongAccess(both, kEverywhere, "--listen"), "");
}

TEST(AccessFlags, WhatBelongsTogetherIsGivenTogether) {
  EXPECT_THAT(WrongAccess({.tls_cert = "cert.pem"}, kHere, "--listen"), HasSubstr("give both"));
  EXPECT_THAT(WrongAccess({.tls_key = "key.pem"}, kHere, "--listen"), HasSubstr("give both"));
  EXPECT_THAT(WrongAccess({.tls_client_ca = "ca.pem"}, kHere, "--listen"), HasSubstr("--tls-client-ca"));
  EXPECT_THAT(WrongAccess({.jwt_jwks = "jwks.json", .jwt_audience = "a"}, kHere, "--listen"),
              HasSubstr("give all or none"));
  EXPECT_THAT(WrongAccess({.jwt_issuer = "i"}, kHere, "--listen"), HasSubstr("give all or none"));
}

TEST(AccessFlags, TakesHowJwtsAreChecked) {
  AccessOptions options;
  CLI::App app;
  AddAccessFlags(app, options);
  app.parse("--jwt-jwks jwks.json --jwt-audience ruyi --jwt-issuer https://issuer.example/",
            /*program_name_included=*/false);
  EXPECT_EQ(options.jwt_jwks, "jwks.json");
  EXPECT_EQ(options.jwt_audience, "ruyi");
  EXPECT_EQ(options.jwt_issuer, "https://issuer.example/");
}

}  // namespace
}  // namespace ruyi
