#include <gtest/gtest.h>

#include "core/base/error_reasons.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"

namespace ruyi {
namespace {

grpc::Status GetCapabilities(ServiceUnderTest& service, v1::Capabilities& capabilities) {
  grpc::ClientContext context;
  return v1::VideoService::NewStub(service.channel())->GetCapabilities(&context, {}, &capabilities);
}

TEST(GetCapabilities, SaysWhatTheServerTakes) {
  ServiceOptions options;
  options.queue_capacity = 5;
  options.limits.model_name = "Ruyi-Demo";
  ServiceUnderTest service(options);
  v1::Capabilities capabilities;
  EXPECT_TRUE(GetCapabilities(service, capabilities).ok());
  EXPECT_EQ(capabilities.model(), "Ruyi-Demo");
  EXPECT_EQ(capabilities.version(), "1.2.3");
  EXPECT_EQ(capabilities.queue_capacity(), 5);
  EXPECT_EQ(capabilities.limits().steps().max(), 100);
}

TEST(GetCapabilities, IsRefusedWhileTheModelIsLoading) {
  ServiceOptions options;
  options.is_ready = false;
  ServiceUnderTest service(options);
  v1::Capabilities capabilities;
  const grpc::Status status = GetCapabilities(service, capabilities);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kModelLoading);
  EXPECT_TRUE(DetailsOf(status).retry_info.has_value());
}

}  // namespace
}  // namespace ruyi
