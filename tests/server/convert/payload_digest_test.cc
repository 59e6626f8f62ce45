#include "server/convert/payload_digest.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "core/digest/sha256.h"

namespace ruyi {
namespace {

v1::GenerateVideoRequest TestPayload() {
  v1::GenerateVideoRequest request;
  request.add_start_images()->set_data("first");
  request.add_end_images()->set_data("last");
  request.set_steps(3);
  return request;
}

TEST(PayloadDigest, IsThatOfEveryEqualRequest) {
  EXPECT_EQ(PayloadDigest(TestPayload()), PayloadDigest(TestPayload()));
  EXPECT_EQ(PayloadDigest(TestPayload()).size(), 64u);
}

TEST(PayloadDigest, DoesNotCountTheRequestId) {
  v1::GenerateVideoRequest request = TestPayload();
  request.set_request_id("mine");
  EXPECT_EQ(PayloadDigest(request), PayloadDigest(TestPayload()));
}

TEST(PayloadDigest, TakesPicturesByTheirContent) {
  v1::GenerateVideoRequest request = TestPayload();
  request.mutable_start_images(0)->set_image(absl::StrCat("images/", Sha256Hex("first")));
  request.mutable_end_images(0)->set_image(absl::StrCat("images/", Sha256Hex("last")));
  EXPECT_EQ(PayloadDigest(request), PayloadDigest(TestPayload()));
  request.mutable_end_images(0)->set_image(absl::StrCat("images/", Sha256Hex("first")));
  EXPECT_NE(PayloadDigest(request), PayloadDigest(TestPayload()));
}

TEST(PayloadDigest, DoesNotKnowTheOrderOfLabels) {
  v1::GenerateVideoRequest forward = TestPayload();
  v1::GenerateVideoRequest backward = TestPayload();
  for (int i = 0; i < 32; ++i) {
    (*forward.mutable_labels())[absl::StrCat("key", i)] = "value";
    (*backward.mutable_labels())[absl::StrCat("key", 31 - i)] = "value";
  }
  EXPECT_EQ(PayloadDigest(forward), PayloadDigest(backward));
  (*backward.mutable_labels())["key0"] = "other";
  EXPECT_NE(PayloadDigest(forward), PayloadDigest(backward));
}

TEST(PayloadDigest, CountsEveryOtherField) {
  v1::GenerateVideoRequest request = TestPayload();
  request.set_steps(4);
  EXPECT_NE(PayloadDigest(request), PayloadDigest(TestPayload()));
  request = TestPayload();
  request.set_priority(v1::PRIORITY_HIGH);
  EXPECT_NE(PayloadDigest(request), PayloadDigest(TestPayload()));
  request = TestPayload();
  request.mutable_start_images(0)->set_data("other");
  EXPECT_NE(PayloadDigest(request), PayloadDigest(TestPayload()));
}

TEST(PayloadDigest, CountsFieldsThatAreNotKnown) {
  v1::GenerateVideoRequest request = TestPayload();
  request.GetReflection()->MutableUnknownFields(&request)->AddVarint(1000, 1);
  EXPECT_NE(PayloadDigest(request), PayloadDigest(TestPayload()));
}

}  // namespace
}  // namespace ruyi
