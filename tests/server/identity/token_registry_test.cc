#include "server/identity/token_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_reasons.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::HasSubstr;
using testing::Not;

class TokenRegistryTest : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string path_ = (folder_.path() / "tokens.json").string();
  FakeClock clock_;
  TokenRegistry registry_{path_, clock_};
  const NewToken token_ = MakeToken("film", Role::kAdmin, clock_.Now(), clock_.Now() + absl::Hours(1));
};

TEST_F(TokenRegistryTest, SaysWhoseATokenIs) {
  ASSERT_THAT(WriteTokens(path_, {token_.entry}), IsOk());
  ASSERT_THAT(registry_.Reload(), IsOk());
  ASSERT_OK_AND_ASSIGN(const Identity identity, registry_.Check(token_.text));
  EXPECT_EQ(identity.principal, "token-" + token_.entry.id);
  EXPECT_EQ(identity.tenant, "film");
  EXPECT_EQ(identity.role, Role::kAdmin);
}

TEST_F(TokenRegistryTest, RefusesEveryOtherText) {
  EXPECT_THAT(registry_.Check(token_.text), HasReason(reason::kCredentialsInvalid));
  ASSERT_THAT(WriteTokens(path_, {token_.entry}), IsOk());
  ASSERT_THAT(registry_.Reload(), IsOk());
  std::string changed = token_.text;
  changed.back() = changed.back() == '0' ? '1' : '0';
  for (const std::string& text : {changed, token_.text + "0", token_.text.substr(1), std::string("x"), std::string()}) {
    const absl::Status status = registry_.Check(text).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnauthenticated));
    EXPECT_THAT(status, HasReason(reason::kCredentialsInvalid));
  }
  EXPECT_THAT(std::string(registry_.Check(changed).status().message()), Not(HasSubstr(changed.substr(18))));
}

TEST_F(TokenRegistryTest, RefusesATokenThatHasExpired) {
  ASSERT_THAT(WriteTokens(path_, {token_.entry}), IsOk());
  ASSERT_THAT(registry_.Reload(), IsOk());
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(registry_.Check(token_.text), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(registry_.Check(token_.text), HasReason(reason::kCredentialsExpired));
}

TEST_F(TokenRegistryTest, FollowsTheFileAndKeepsWhatItHadWhenThatIsBroken) {
  ASSERT_THAT(WriteTokens(path_, {token_.entry}), IsOk());
  ASSERT_THAT(registry_.Reload(), IsOk());
  folder_.Write("tokens.json", "half of a fi");
  EXPECT_THAT(registry_.Reload(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(registry_.Check(token_.text), IsOk());
  ASSERT_THAT(WriteTokens(path_, {}), IsOk());
  ASSERT_THAT(registry_.Reload(), IsOk());
  EXPECT_THAT(registry_.Check(token_.text), HasReason(reason::kCredentialsInvalid));
}

}  // namespace
}  // namespace ruyi
