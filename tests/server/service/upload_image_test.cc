// Tests calls of UploadImage: pictures by their content, within bounds, and requests that name them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/digest/sha256.h"
#include "server/service/upload_call.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"

namespace ruyi {
namespace {

using testing::ElementsAre;

// One call of UploadImage.
class Upload {
 public:
  explicit Upload(const ServiceUnderTest& service) : stub_(v1::VideoService::NewStub(service.channel())) {
    context_.set_deadline(VideoCall::AfterPatience());
    writer_ = stub_->UploadImage(&context_, &image_);
  }

  // Writes a message; returns false when the call has ended.
  bool Write(const std::string& bytes) {
    v1::UploadImageRequest request;
    request.set_data(bytes);
    return writer_->Write(request);
  }

  grpc::Status Finish() {
    writer_->WritesDone();
    return writer_->Finish();
  }

  const v1::Image& image() const { return image_; }

 private:
  grpc::ClientContext context_;
  v1::Image image_;
  std::unique_ptr<v1::VideoService::Stub> stub_;
  std::unique_ptr<grpc::ClientWriter<v1::UploadImageRequest>> writer_;
};

UnaryAnswer<v1::Image> UploadAll(const ServiceUnderTest& service, const std::vector<std::string>& parts) {
  Upload upload(service);
  for (const std::string& part : parts)
    upload.Write(part);
  const grpc::Status status = upload.Finish();
  return {.status = status, .response = upload.image()};
}

std::string NameOf(const std::string& bytes) {
  return absl::StrCat("images/", Sha256Hex(bytes));
}

TEST(UploadImage, NamesAPictureByItsContent) {
  ServiceOptions options;
  options.artifacts.blob_ttl = absl::Hours(24);
  ServiceUnderTest service(options);
  const auto [status, image] = UploadAll(service, {"image ", "640x384"});
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(image.name(), NameOf("image 640x384"));
  EXPECT_EQ(image.size_bytes(), 13);
  EXPECT_EQ(image.size().width(), 640);
  EXPECT_EQ(image.size().height(), 384);
  EXPECT_TRUE(image.has_expire_time());
  EXPECT_EQ(UploadAll(service, {"image 640x384"}).response.name(), image.name());
  EXPECT_NE(UploadAll(service, {"image 640x385"}).response.name(), image.name());
}

TEST(UploadImage, ServesRequests) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.clear_size();
  request.mutable_start_images(0)->set_image(UploadAll(service, {"image 640x384"}).response.name());
  VideoCall call = service.Call(request);
  EXPECT_EQ(call.Take().accepted().video().settings().size().width(), 640);
  EXPECT_TRUE(call.Finish().ok());
}

TEST(UploadImage, IsTheSamePayloadAsTheBytes) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_request_id("8c1f0e0a-4d7b-4a5e-9f0c-2b6f4a7d1e33");
  const std::string name = CreateVideo(service.channel(), request).response.name();
  request.mutable_start_images(0)->set_image(UploadAll(service, {"image 640x384"}).response.name());
  EXPECT_EQ(CreateVideo(service.channel(), request).response.name(), name);
}

TEST(UploadImage, IsNeededBeforeItIsNamed) {
  ServiceUnderTest service;
  v1::GenerateVideoRequest request = SmallRequest();
  request.mutable_start_images(0)->set_image(NameOf("image 640x384"));
  request.add_end_images()->set_image("../../etc/passwd");
  const grpc::Status status = CreateVideo(service.channel(), request).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(DetailsOf(status).wrong_fields(), testing::UnorderedElementsAre("start_images[0]", "end_images[0]"));
}

TEST(UploadImage, RefusesWhatIsNoPicture) {
  ServiceUnderTest service;
  for (const std::vector<std::string>& parts : {std::vector<std::string>{"junk"}, {}, {""}}) {
    const grpc::Status status = UploadAll(service, parts).status;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(DetailsOf(status).reason(), reason::kInvalidRequest);
    EXPECT_THAT(DetailsOf(status).wrong_fields(), ElementsAre("data"));
  }
}

// The server does not wait for the end of a picture that has none.
TEST(UploadImage, RefusesMoreBytesThanAPictureMayHave) {
  ServiceOptions options;
  options.limits.image.max_bytes = 100;
  ServiceUnderTest service(options);
  Upload upload(service);
  while (upload.Write(std::string(60, 'x'))) {
  }
  const grpc::Status status = upload.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kImageTooLarge);
}

TEST(UploadImage, RefusesMorePixelsThanAPictureMayHave) {
  ServiceUnderTest service;
  EXPECT_EQ(DetailsOf(UploadAll(service, {"huge"}).status).reason(), reason::kImageTooLarge);
}

TEST(UploadImage, RefusesTooManyAtOnce) {
  ServiceUnderTest service;
  std::vector<std::unique_ptr<Upload>> uploads;
  for (int i = 0; i <= UploadCall::kMaxUploads; ++i)
    uploads.push_back(std::make_unique<Upload>(service));
  ASSERT_TRUE(service.calls().statuses.Await(1));  // of the one that is too many
  int refused = 0;
  for (const auto& upload : uploads) {
    upload->Write("image 640x384");
    const grpc::Status status = upload->Finish();
    if (status.ok())
      continue;
    ++refused;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(DetailsOf(status).reason(), reason::kQueueFull);
    EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
  }
  EXPECT_EQ(refused, 1);
  EXPECT_TRUE(UploadAll(service, {"image 640x384"}).status.ok());
}

TEST(UploadImage, NeedsRoomOnTheDisk) {
  ServiceOptions options;
  options.artifacts.limits.max_bytes = 10;
  ServiceUnderTest service(options);
  const grpc::Status status = UploadAll(service, {"image 640x384"}).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kDiskFull);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
}

TEST(UploadImage, IsTakenWhileTheModelIsLoadingButNotWhileTheServerStops) {
  ServiceOptions options;
  options.is_ready = false;
  ServiceUnderTest service(options);
  EXPECT_TRUE(UploadAll(service, {"image 640x384"}).status.ok());
  service.intake().Refuse(ErrorWithReason(absl::StatusCode::kUnavailable, "stopping", reason::kDraining));
  const grpc::Status status = UploadAll(service, {"image 640x384"}).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kDraining);
}

TEST(UploadImage, MayBeBrokenOff) {
  ServiceUnderTest service;
  {
    Upload upload(service);
    upload.Write("image ");
  }
  ASSERT_TRUE(service.calls().statuses.Await(1));
  EXPECT_TRUE(UploadAll(service, {"image 640x384"}).status.ok());
}

}  // namespace
}  // namespace ruyi
