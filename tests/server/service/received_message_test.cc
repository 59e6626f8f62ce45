// Messages as they come: garbage, and messages of nothing but many small entries, which would grow in memory.
#include "server/service/received_message.h"

#include <gmock/gmock.h>
#include <grpc/health/v1/health.pb.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/gate.h"
#include "tests/server/patience.h"
#include "tests/server/raw_call.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"

namespace ruyi {
namespace {

using testing::HasSubstr;
using v1::CreateVideoRequest;
using v1::GetVideoRequest;

constexpr int64_t kMost = 1000;

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

template <typename T>
absl::StatusOr<int64_t> ParseBytes(const std::string& bytes, T& message) {
  return ParseBounded(BufferOf(bytes), kMost, message);
}

// A message of a video whose picture has so many bytes, with a request_id of so many.
CreateVideoRequest RequestWith(size_t picture, size_t request_id) {
  CreateVideoRequest request;
  request.mutable_request()->add_start_images()->set_data(std::string(picture, 'p'));
  request.mutable_request()->set_request_id(std::string(request_id, 'r'));
  return request;
}

TEST(ReceivedMessage, BytesOfPicturesHaveNoLimitHere) {
  const CreateVideoRequest sent = RequestWith(100'000, 100);
  CreateVideoRequest parsed;
  const absl::StatusOr<int64_t> bytes = ParseBytes(sent.SerializeAsString(), parsed);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(parsed.SerializeAsString(), sent.SerializeAsString());
  EXPECT_GE(*bytes, 100'100);
  EXPECT_LT(*bytes, 110'000);
}

TEST(ReceivedMessage, OtherBytesHaveALimit) {
  const auto beside = [](const CreateVideoRequest& request) {
    return static_cast<int64_t>(request.ByteSizeLong()) - 500;  // of the picture
  };
  size_t request_id = 100;
  while (beside(RequestWith(500, request_id)) < kMost)
    ++request_id;
  CreateVideoRequest parsed;
  EXPECT_TRUE(ParseBytes(RequestWith(500, request_id).SerializeAsString(), parsed).ok());
  const absl::Status status = ParseBytes(RequestWith(500, request_id + 1).SerializeAsString(), parsed).status();
  EXPECT_EQ(GetErrorInfo(status).reason, reason::kInvalidRequest);
  EXPECT_THAT(std::string(status.message()), HasSubstr("more than 1000 bytes"));
}

TEST(ReceivedMessage, EmptyPicturesAreNoBytesOfPictures) {
  CreateVideoRequest request;
  for (int i = 0; i < 1000; ++i)
    request.mutable_request()->add_start_images();
  CreateVideoRequest parsed;
  EXPECT_FALSE(ParseBytes(request.SerializeAsString(), parsed).ok());
  EXPECT_EQ(parsed.ByteSizeLong(), 0u);
}

TEST(ReceivedMessage, FieldsThatNobodyKnowsCountToo) {
  GetVideoRequest request;
  for (int i = 0; i < 1000; ++i)
    request.GetReflection()->MutableUnknownFields(&request)->AddGroup(15);
  EXPECT_FALSE(ParseBytes(request.SerializeAsString(), request).ok());
}

TEST(ReceivedMessage, NoMessageOfThisType) {
  GetVideoRequest request;
  const std::string wrong_utf8 = "\x0a\x02\xff\xff";
  const std::string text_cut_short = "\x0a\x05videos";
  for (const std::string& bytes :
       {std::string("\xff\xff\xff"), wrong_utf8, text_cut_short.substr(0, 4), std::string("\x0a"),
        std::string("\x0a\xff\xff\xff\xff\xff\xff"), std::string(1, '\0')}) {
    const absl::Status status = ParseBytes(bytes, request).status();
    EXPECT_EQ(GetErrorInfo(status).reason, reason::kInvalidRequest) << testing::PrintToString(bytes);
    EXPECT_THAT(std::string(status.message()), HasSubstr("is no ruyi.v1.GetVideoRequest"));
  }
}

TEST(ReceivedMessage, SubmessagesThatAreTooLongForTheirOwner) {
  CreateVideoRequest request;
  const std::string inner_ends_behind_outer = "\x0a\x03\x0a\x05\x0a";
  EXPECT_FALSE(ParseBytes(inner_ends_behind_outer, request).ok());
}

TEST(ReceivedMessage, NothingIsAMessageToo) {
  GetVideoRequest request;
  EXPECT_EQ(ParseBytes("", request).value_or(-1), 0);
}

TEST(ReceivedMessage, EveryMethodSaysWhatWasWrong) {
  ServiceUnderTest service;
  const auto* methods = CreateVideoRequest::descriptor()->file()->service(0);
  for (int i = 0; i < methods->method_count(); ++i) {
    const std::string method = "/ruyi.v1.VideoService/" + methods->method(i)->name();
    const RawAnswer answer = RawCall(service.channel(), method, "\xff");
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << method;
    EXPECT_EQ(DetailsOf(answer.status).reason(), reason::kInvalidRequest) << method;
  }
}

// Nine requests take 29 MB each of the 256 MiB that there are beside pictures.
TEST(ReceivedMessage, RequestsThatTakeTooMuchTogether) {
  constexpr int kCalls = 10;
  Gate gate;
  ServiceOptions options;
  options.limits.image.max_bytes = 1000;
  options.on_decode = [&gate] { gate.Pass(); };
  ServiceUnderTest service(options);
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_request_id(std::string(900'000, 'r'));
  absl::Notification is_refused;
  std::atomic<int> refused = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < kCalls; ++i) {
    callers.emplace_back([&] {
      const grpc::Status status = service.Call(request).Finish();
      if (DetailsOf(status).reason() != reason::kQueueFull)
        return;
      if (++refused == 1)
        is_refused.Notify();
    });
  }
  EXPECT_TRUE(is_refused.WaitForNotificationWithTimeout(kPatience));
  gate.Open();
  for (std::thread& caller : callers)
    caller.join();
  EXPECT_EQ(refused, 1);
}

TEST(ReceivedMessage, WhoIsNotLetInIsToldNothingOfTheMessage) {
  ServiceOptions options;
  options.check_token = [](std::string_view) { return absl::UnauthenticatedError("no such token"); };
  ServiceUnderTest service(options);
  const RawAnswer answer = RawCall(service.channel(), "/ruyi.v1.VideoService/GetVideo", "\xff");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace ruyi
