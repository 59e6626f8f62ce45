// Tests that what belongs to one tenant is not there for another: every call, and that it ends as for an unknown name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/caller_channel.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/stream_call.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Every token is the name of its tenant.
absl::StatusOr<Identity> CheckToken(std::string_view token) {
  return Identity{.principal = absl::StrCat("who calls for ", std::string(token)), .tenant = std::string(token)};
}

ServiceOptions WithTenants(bool has_worker) {
  ServiceOptions options;
  options.check_token = &CheckToken;
  options.has_worker = has_worker;
  return options;
}

class TenantsTest : public testing::Test {
 protected:
  explicit TenantsTest(bool has_worker = false) : service_(WithTenants(has_worker)) {}

  std::vector<std::string> Names(const std::shared_ptr<grpc::Channel>& channel) {
    std::vector<std::string> names;
    const auto answer = Ask(channel, &v1::VideoService::Stub::ListVideos, {});
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    for (const v1::Video& video : answer.response.videos())
      names.push_back(video.name());
    return names;
  }

  static grpc::Status Watch(const std::shared_ptr<grpc::Channel>& channel, const std::string& name) {
    v1::WatchVideoRequest request;
    request.set_name(name);
    return StreamCall<v1::VideoEvent>(channel, &v1::VideoService::Stub::WatchVideo, request).Finish();
  }

  static grpc::Status Download(const std::shared_ptr<grpc::Channel>& channel, const std::string& name) {
    v1::DownloadVideoRequest request;
    request.set_name(name);
    return StreamCall<v1::VideoChunk>(channel, &v1::VideoService::Stub::DownloadVideo, request).Finish();
  }

  // Returns how each call about a video ends, with the name taken out of the texts.
  static std::vector<std::string> EndsOf(const std::shared_ptr<grpc::Channel>& channel, const std::string& name) {
    std::vector<std::string> ends;
    const std::string id = name.substr(name.find('/') + 1);
    for (const grpc::Status& status :
         {GetVideo(channel, name).status, CancelVideo(channel, name).status, DeleteVideo(channel, name).status,
          Watch(channel, name), Download(channel, name)}) {
      google::rpc::Status details;
      details.ParseFromString(status.error_details());
      ends.push_back(
          absl::StrReplaceAll(absl::StrCat(status.error_code(), " ", details.ShortDebugString()), {{id, "ID"}}));
    }
    return ends;
  }

  ServiceUnderTest service_;
  const std::shared_ptr<grpc::Channel> film_ = ConnectAs(service_.port(), "film");
  const std::shared_ptr<grpc::Channel> press_ = ConnectAs(service_.port(), "press");
};

class TenantsAtWork : public TenantsTest {
 protected:
  TenantsAtWork() : TenantsTest(/*has_worker=*/true) {}
};

TEST_F(TenantsTest, AnotherTenantsVideoIsLikeNone) {
  const std::string name = CreateVideo(film_, SmallRequest()).response.name();
  ASSERT_NE(name, "");
  const std::vector<std::string> ends = EndsOf(press_, name);
  EXPECT_EQ(ends, EndsOf(press_, "videos/unknown"));
  for (const std::string& end : ends)
    EXPECT_THAT(end, testing::StartsWith("5 ")) << "not NOT_FOUND";
  EXPECT_EQ(service_.jobs().Get(name.substr(7))->state, JobState::kQueued);
  EXPECT_TRUE(GetVideo(film_, name).status.ok());
}

TEST_F(TenantsAtWork, AnotherTenantsFilmIsLikeNone) {
  const std::string name = CreateVideo(film_, SmallRequest()).response.name();
  EXPECT_TRUE(Watch(film_, name).ok());
  EXPECT_EQ(EndsOf(press_, name), EndsOf(press_, "videos/unknown"));
  EXPECT_TRUE(Download(film_, name).ok());
  EXPECT_TRUE(DeleteVideo(film_, name).status.ok());
}

TEST_F(TenantsTest, EachSeesItsOwnList) {
  const std::string first = CreateVideo(film_, SmallRequest()).response.name();
  const std::string second = CreateVideo(press_, SmallRequest()).response.name();
  EXPECT_THAT(Names(film_), ElementsAre(first));
  EXPECT_THAT(Names(press_), ElementsAre(second));
  EXPECT_THAT(Names(ConnectAs(service_.port(), "other")), IsEmpty());
}

TEST_F(TenantsTest, ARequestIdIsEachTenantsOwn) {
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_request_id("the-id");
  const std::string first = CreateVideo(film_, request).response.name();
  request.set_steps(4);
  const auto second = CreateVideo(press_, request);
  ASSERT_TRUE(second.status.ok()) << second.status.error_message();
  EXPECT_NE(second.response.name(), first);
  EXPECT_EQ(CreateVideo(press_, request).response.name(), second.response.name());
  EXPECT_EQ(DetailsOf(CreateVideo(film_, request).status).reason(), reason::kRequestIdReused);
}

TEST_F(TenantsTest, AnUploadIsItsTenantsOwn) {
  grpc::ClientContext context;
  v1::Image image;
  const auto stub = v1::VideoService::NewStub(film_);
  const auto writer = stub->UploadImage(&context, &image);
  v1::UploadImageRequest part;
  part.set_data("image 64x64");
  ASSERT_TRUE(writer->Write(part));
  writer->WritesDone();
  ASSERT_TRUE(writer->Finish().ok());
  v1::GenerateVideoRequest request = SmallRequest();
  request.mutable_start_images(0)->set_image(image.name());
  EXPECT_TRUE(CreateVideo(film_, request).status.ok());
  EXPECT_THAT(DetailsOf(CreateVideo(press_, request).status).wrong_fields(), ElementsAre("start_images[0]"));
}

TEST_F(TenantsTest, ACallSaysWhoMadeItOnTheTicket) {
  const auto channel =
      ConnectWith(service_.port(), {{"authorization", "bearer film"},
                                    {"x-request-id", "call-7"},
                                    {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}});
  const std::string name = CreateVideo(channel, SmallRequest()).response.name();
  const JobTicket ticket = service_.jobs().Get(name.substr(7))->ticket;
  EXPECT_EQ(ticket.tenant, "film");
  EXPECT_EQ(ticket.principal, "who calls for film");
  EXPECT_EQ(ticket.call_id, "call-7");
  EXPECT_EQ(ticket.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}

TEST_F(TenantsAtWork, GenerateVideoIsMadeForItsTenant) {
  VideoCall call(film_, SmallRequest());
  ASSERT_TRUE(call.Finish().ok());
  EXPECT_EQ(Names(film_).size(), 1u);
  EXPECT_THAT(Names(press_), IsEmpty());
}

}  // namespace
}  // namespace ruyi
