// Who may call AdminService, and gRPC's own services beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error_reasons.h"
#include "tests/server/admin_answer.h"
#include "tests/server/app/logged.h"
#include "tests/server/app/server_with_tokens.h"
#include "tests/server/caller_channel.h"
#include "tests/server/raw_call.h"
#include "tests/server/rpc_status.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::UnorderedElementsAreArray;
using Stub = v1::AdminService::Stub;

constexpr char kChannelz[] = "/grpc.channelz.v1.Channelz/GetServers";
constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
constexpr char kListServices[] = "\x3a\x00";  // field 7, an empty string
const std::string& ListServices() {
  static const std::string& message = *new std::string(kListServices, 2);
  return message;
}

class AdminAccessTest : public ServerWithTokensTest {
 protected:
  std::shared_ptr<grpc::Channel> As(const NewToken& token) {
    return ConnectAs(running_->server().admin_port(), token.text);
  }
};

// Returns how every call ends.
std::vector<std::string> ReasonsOf(const std::shared_ptr<grpc::Channel>& channel) {
  std::vector<std::string> reasons;
  for (const grpc::Status& status :
       {AskAdmin(channel, &Stub::GetServerStatus, {}).status, AskAdmin(channel, &Stub::Drain, {}).status,
        AskAdmin(channel, &Stub::PauseQueue, {}).status, AskAdmin(channel, &Stub::ResumeQueue, {}).status,
        AskAdmin(channel, &Stub::SetVramBudget, {}).status, AskAdmin(channel, &Stub::SetJobPriority, {}).status,
        AskAdmin(channel, &Stub::ListJobs, {}).status, AskAdmin(channel, &Stub::CancelJob, {}).status,
        AskAdmin(channel, &Stub::LoadLora, {}).status, AskAdmin(channel, &Stub::UnloadLora, {}).status})
    reasons.push_back(DetailsOf(status).reason());
  return reasons;
}

TEST_F(AdminAccessTest, OnlyAdministratorsMayMakeAnyCall) {
  StartWithTokens();
  EXPECT_THAT(ReasonsOf(As(user_)), Each(reason::kWrongRole));
  EXPECT_THAT(ReasonsOf(running_->admin_channel()), Each(reason::kCredentialsMissing));
  const grpc::Status status = AskAdmin(As(user_), &Stub::GetServerStatus, {}).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(AskAdmin(As(admin_), &Stub::GetServerStatus, {}).status.ok());
  EXPECT_THAT(running_->Metrics(), HasSubstr("ruyi_calls_unauthorized_total{reason=\"WRONG_ROLE\"} 11"));
}

TEST_F(AdminAccessTest, AllTestedMethodsAreAllThereAre) {
  EXPECT_EQ(v1::ServerStatus::descriptor()->file()->service(0)->method_count(), 10);
}

TEST_F(AdminAccessTest, TheLogSaysWhatWasTried) {
  StartWithTokens();
  const std::vector<nlohmann::json> lines = Logged("warning", [&] { ReasonsOf(As(user_)); });
  std::vector<std::string> tried;
  for (const nlohmann::json& line : lines) {
    EXPECT_EQ(line["event"], "call_refused");
    tried.push_back(line["method"]);
  }
  const auto& service = *v1::ServerStatus::descriptor()->file()->service(0);
  std::vector<std::string> all;
  for (int i = 0; i < service.method_count(); ++i)
    all.push_back(absl::StrCat(service.full_name(), "/", service.method(i)->name()));
  EXPECT_THAT(tried, UnorderedElementsAreArray(all));
}

TEST_F(AdminAccessTest, TheLogSaysWhichOfGrpcsOwnServicesWasTried) {
  options_.server.channelz = true;
  StartWithTokens();
  const std::vector<nlohmann::json> lines = Logged("warning", [&] { RawCall(As(user_), kChannelz, ""); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["method"], "grpc.channelz.v1.Channelz/GetServers");
  EXPECT_EQ(lines[0]["reason"], reason::kWrongRole);
}

TEST_F(AdminAccessTest, AnAdministratorIsATenantOfTheApiToo) {
  StartWithTokens();
  EXPECT_EQ(GetVideo(ConnectAs(running_->server().port(), admin_.text), "videos/none").status.error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(AdminAccessTest, ChannelzIsServedWhereItIsAskedFor) {
  options_.server.channelz = true;
  Start();
  EXPECT_TRUE(RawCall(running_->admin_channel(), kChannelz, "").status.ok());
  EXPECT_EQ(RawCall(running_->channel(), kChannelz, "").status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

// Also after another server of the process has had it.
TEST_F(AdminAccessTest, ChannelzIsNotServedWhereItIsNotAskedFor) {
  RunningOptions other;
  other.server.channelz = true;
  ASSERT_THAT(RunningServer(other).status(), IsOk());
  options_.server.health_listen = "127.0.0.1:0";
  Start();
  EXPECT_EQ(RawCall(running_->admin_channel(), kChannelz, "").status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(RawCall(ConnectTo(running_->server().health_port()), kChannelz, "").status.error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(AdminAccessTest, ChannelzIsForAdministrators) {
  options_.server.channelz = true;
  StartWithTokens();
  EXPECT_TRUE(RawCall(As(admin_), kChannelz, "").status.ok());
  for (const auto& channel : {As(user_), running_->admin_channel()}) {
    const RawAnswer answer = RawCall(channel, kChannelz, "");
    EXPECT_FALSE(answer.status.ok());
    EXPECT_EQ(answer.message, "");
  }
}

TEST_F(AdminAccessTest, ReflectionNamesTheServicesOfItsListener) {
  Start();
  const RawAnswer admin = RawCall(running_->admin_channel(), kReflection, ListServices());
  EXPECT_TRUE(admin.status.ok()) << admin.status.error_message();
  EXPECT_THAT(admin.message, HasSubstr("ruyi.v1.AdminService"));
  const RawAnswer callers = RawCall(running_->channel(), kReflection, ListServices());
  EXPECT_THAT(callers.message, HasSubstr("ruyi.v1.VideoService"));
  EXPECT_THAT(callers.message, testing::Not(HasSubstr("AdminService")));
}

TEST_F(AdminAccessTest, ReflectionIsOffWhereThatIsSaid) {
  options_.server.reflection = false;
  Start();
  for (const auto& channel : {running_->admin_channel(), running_->channel()})
    EXPECT_EQ(RawCall(channel, kReflection, ListServices()).status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(AdminAccessTest, ReflectionIsForThoseWhoAreLetIn) {
  StartWithTokens();
  for (const int port : {running_->server().port(), running_->server().admin_port()}) {
    EXPECT_THAT(RawCall(ConnectAs(port, user_.text), kReflection, ListServices()).message, HasSubstr("ruyi.v1."));
    const RawAnswer answer = RawCall(ConnectTo(port), kReflection, ListServices());
    EXPECT_FALSE(answer.status.ok());
    EXPECT_EQ(answer.message, "");
  }
}

}  // namespace
}  // namespace ruyi
