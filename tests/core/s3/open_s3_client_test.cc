#include "core/s3/open_s3_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/core/http/scripted_server.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

Environment Of(const std::map<std::string, std::string>& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found != variables.end() ? std::optional(found->second) : std::nullopt;
  };
}

// The server is busy, cuts a connection, and then answers.
TEST(OpenS3Client, MakesAClientThatWaitsAndSendsAgain) {
  int requests = 0;
  std::string last;
  ScriptedServer server([&](const std::string& request) {
    last = request;
    switch (++requests) {
      case 1:
        return ScriptedServer::Reply{.bytes = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"};
      case 2:
        return ScriptedServer::Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", .closes = true};
      default:
        return ScriptedServer::Reply{.bytes = ScriptedServer::Ok("an object")};
    }
  });
  const Environment environment = Of({{"AWS_ACCESS_KEY_ID", "key"}, {"AWS_SECRET_ACCESS_KEY", "secret"}});
  ASSERT_OK_AND_ASSIGN(const auto client,
                       OpenS3Client("s3://films/p?endpoint=" + server.url(), environment, Clock::Real()));
  EXPECT_EQ(client->Get("k")->bytes, "an object");
  EXPECT_EQ(requests, 3);
  EXPECT_THAT(last, HasSubstr("GET /films/p/k HTTP/1.1\r\n"));
  EXPECT_THAT(last, HasSubstr("uthorization: AWS4-HMAC-SHA256 Credential=key/"));
}

TEST(OpenS3Client, SaysWhatIsMissing) {
  EXPECT_THAT(OpenS3Client("s3://films", Of({}), Clock::Real()), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(OpenS3Client("s3://films?region=r", Of({{"AWS_ACCESS_KEY_ID", "key"}}), Clock::Real()),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST(OpenS3Client, TrustsTheFileThatIsNamed) {
  const Environment environment =
      Of({{"AWS_ACCESS_KEY_ID", "key"}, {"AWS_SECRET_ACCESS_KEY", "secret"}, {"AWS_CA_BUNDLE", "no/such/file.pem"}});
  const ScriptedServer server([](const std::string&) { return ScriptedServer::Reply{}; });
  const std::string endpoint = "https" + server.url().substr(std::string("http").size());
  ASSERT_OK_AND_ASSIGN(const auto client, OpenS3Client("s3://films?endpoint=" + endpoint, environment, Clock::Real()));
  EXPECT_THAT(client->Check(), StatusIs(StatusCode::kUnavailable, HasSubstr("no/such/file.pem")));
}

}  // namespace
}  // namespace ruyi
