// Tests calls of UploadImage: pictures by their content, within bounds, and requests that name them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/digest/sha256.h"
#include "server/app/ticker.h"
#include "server/service/upload_call.h"
#include "tests/server/gate.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/full_decoder.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"
#include "tests/support/status_matchers.h"

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

  void Cancel() { context_.TryCancel(); }

  void WritesDone() {
    if (!std::exchange(is_written_, true))
      writer_->WritesDone();
  }

  // Blocks until the call has ended.
  grpc::Status Finish() {
    WritesDone();
    return writer_->Finish();
  }

  // Blocks until the server has ended the call, which still waits for bytes.
  grpc::Status FinishUnwritten() { return writer_->Finish(); }

  const v1::Image& image() const { return image_; }

 private:
  bool is_written_ = false;
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

TEST(UploadImage, EndsAfterSilence) {
  ServiceUnderTest service;
  Upload upload(service);
  ASSERT_TRUE(upload.Write("image "));
  const Ticker ticker(absl::Milliseconds(1), [&] {
    service.clock().Advance(UploadCall::kMaxSilence);
    service.service().Tick();
  });
  const grpc::Status status = upload.FinishUnwritten();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kUploadStalled);
}

TEST(UploadImage, EndsWithTheServer) {
  ServiceUnderTest service;
  Upload upload(service);
  ASSERT_TRUE(upload.Write("image "));
  service.service().EndStreams(ErrorWithReason(absl::StatusCode::kUnavailable, "stopping", reason::kDraining));
  EXPECT_EQ(DetailsOf(upload.FinishUnwritten()).reason(), reason::kDraining);
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
  EXPECT_EQ(service.events().refused().value(), 1);
  EXPECT_TRUE(UploadAll(service, {"image 640x384"}).status.ok());
}

TEST(UploadImage, IsRefusedWhenTooManyPicturesAreBeingDecoded) {
  FullDecoder full;
  ASSERT_NO_FATAL_FAILURE(full.Fill());
  const grpc::Status status = UploadAll(full.service, {"image 640x384"}).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kQueueFull);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
  EXPECT_EQ(full.service.events().refused().value(), 2);  // with the one that filled the decoder
  full.gate.Open();
}

TEST(UploadImage, NeedsRoomOnTheDisk) {
  ServiceOptions options;
  options.artifacts.limits.max_bytes = 10;
  ServiceUnderTest service(options);
  const grpc::Status status = UploadAll(service, {"image 640x384"}).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kDiskFull);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
  EXPECT_EQ(service.events().refused().value(), 1);
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

// A service whose decoding waits for the test.
struct SlowDecoder {
  ServiceOptions Options() {
    ServiceOptions options;
    options.on_decode = [this] {
      decoding.Increment();
      gate.Pass();
    };
    return options;
  }

  absl::Status KeptState(const std::string& bytes) { return service.artifacts().StatBlob(Sha256Hex(bytes)).status(); }

  Gate gate;
  Counter decoding;
  ServiceUnderTest service{Options()};
};

TEST(UploadImage, IsNotDecodedWhenItWasBrokenOff) {
  SlowDecoder slow;
  std::vector<std::unique_ptr<VideoCall>> others;
  for (size_t i = 0; i < FullDecoder::kThreads; ++i)
    others.push_back(std::make_unique<VideoCall>(slow.service.channel(), SmallRequest()));
  ASSERT_TRUE(slow.decoding.Await(FullDecoder::kThreads));
  {
    Upload upload(slow.service);
    upload.Write("image 640x385");
    upload.Cancel();
    EXPECT_EQ(upload.Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  ASSERT_TRUE(slow.service.calls().closes.Await(1));
  slow.gate.Open();
  for (const auto& other : others)
    EXPECT_TRUE(other->Finish().ok());
  ASSERT_TRUE(slow.service.calls().statuses.Await(FullDecoder::kThreads + 1));
  EXPECT_EQ(slow.decoding.value(), FullDecoder::kThreads);
  EXPECT_THAT(slow.KeptState("image 640x385"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(UploadImage, IsNotKeptWhenItsDeadlinePassesWhileItIsDecoded) {
  SlowDecoder slow;
  Upload upload(slow.service);
  upload.Write("image 640x385");
  upload.WritesDone();
  ASSERT_TRUE(slow.gate.AwaitReached());
  slow.service.clock().Advance(2 * kPatience);
  slow.gate.Open();
  EXPECT_EQ(upload.Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(slow.KeptState("image 640x385"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace ruyi
