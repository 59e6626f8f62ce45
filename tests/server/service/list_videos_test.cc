// Tests calls of ListVideos: order, pages, filters, and what is no page or filter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error_reasons.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

UnaryAnswer<v1::ListVideosResponse> List(const ServiceUnderTest& service, const v1::ListVideosRequest& request) {
  return Ask(service.channel(), &v1::VideoService::Stub::ListVideos, request);
}

std::vector<std::string> NamesOf(const v1::ListVideosResponse& response) {
  std::vector<std::string> names;
  for (const v1::Video& video : response.videos())
    names.push_back(video.name());
  return names;
}

// A server with three videos: the first two are of the team "film", and the second is cancelled.
class ListVideos : public testing::Test {
 protected:
  static ServiceOptions WithoutWorker() {
    ServiceOptions options;
    options.has_worker = false;
    return options;
  }

  ListVideos() {
    for (int i = 0; i < 3; ++i) {
      v1::GenerateVideoRequest request = SmallRequest();
      (*request.mutable_labels())["team"] = i < 2 ? "film" : "news";
      EXPECT_TRUE(CreateVideo(service_.channel(), request).status.ok());
    }
    EXPECT_TRUE(CancelVideo(service_.channel(), "videos/job-2").status.ok());
  }

  const ServiceUnderTest service_{WithoutWorker()};
};

void ExpectInvalid(const grpc::Status& status, const std::string& field) {
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kInvalidRequest);
  EXPECT_THAT(DetailsOf(status).wrong_fields(), ElementsAre(field));
}

TEST_F(ListVideos, ShowsTheNewestFirst) {
  const auto [status, response] = List(service_, {});
  ASSERT_TRUE(status.ok());
  EXPECT_THAT(NamesOf(response), ElementsAre("videos/job-3", "videos/job-2", "videos/job-1"));
  EXPECT_EQ(response.next_page_token(), "");
  EXPECT_EQ(response.videos(1).state(), v1::VIDEO_STATE_CANCELLED);
}

TEST_F(ListVideos, GoesOnWhereThePageBeforeEnded) {
  v1::ListVideosRequest request;
  request.set_page_size(2);
  const v1::ListVideosResponse first = List(service_, request).response;
  EXPECT_THAT(NamesOf(first), ElementsAre("videos/job-3", "videos/job-2"));
  CreateVideo(service_.channel(), SmallRequest());  // which belongs to no later page
  request.set_page_token(first.next_page_token());
  const v1::ListVideosResponse second = List(service_, request).response;
  EXPECT_THAT(NamesOf(second), ElementsAre("videos/job-1"));
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(ListVideos, ShowsStatesThatAreAskedFor) {
  v1::ListVideosRequest request;
  request.add_states(v1::VIDEO_STATE_CANCELLED);
  EXPECT_THAT(NamesOf(List(service_, request).response), ElementsAre("videos/job-2"));
  request.add_states(v1::VIDEO_STATE_QUEUED);
  EXPECT_EQ(List(service_, request).response.videos_size(), 3);
  request.clear_states();
  request.add_states(v1::VIDEO_STATE_FAILED);
  EXPECT_THAT(NamesOf(List(service_, request).response), IsEmpty());
}

TEST_F(ListVideos, ShowsLabelsThatAreAskedFor) {
  v1::ListVideosRequest request;
  (*request.mutable_labels())["team"] = "film";
  EXPECT_THAT(NamesOf(List(service_, request).response), ElementsAre("videos/job-2", "videos/job-1"));
  (*request.mutable_labels())["other"] = "";
  EXPECT_THAT(NamesOf(List(service_, request).response), IsEmpty());
}

TEST_F(ListVideos, RefusesPageSizesOutOfRange) {
  for (const int size : {-1, 1001}) {
    v1::ListVideosRequest request;
    request.set_page_size(size);
    ExpectInvalid(List(service_, request).status, "page_size");
  }
}

TEST_F(ListVideos, RefusesTokensThatNoPageGave) {
  v1::ListVideosRequest request;
  request.set_page_token("junk");
  ExpectInvalid(List(service_, request).status, "page_token");
}

TEST_F(ListVideos, RefusesStatesThatThereAreNot) {
  for (const int state : {0, 99}) {
    v1::ListVideosRequest request;
    request.add_states(static_cast<v1::VideoState>(state));
    ExpectInvalid(List(service_, request).status, "states");
  }
}

TEST_F(ListVideos, RefusesTooManyLabels) {
  v1::ListVideosRequest request;
  for (int i = 0; i < 33; ++i)
    (*request.mutable_labels())[absl::StrCat(i)] = "";
  ExpectInvalid(List(service_, request).status, "labels");
}

}  // namespace
}  // namespace ruyi
