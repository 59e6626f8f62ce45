#include <gmock/gmock.h>
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
  options.limits.max_loras = 2;
  options.limits.fp8.mode = Fp8Mode::kExtreme;
  options.pipeline.loras = std::make_shared<FakeLoraCatalog>(std::vector<std::string>{"film", "sketch"});
  ServiceUnderTest service(options);
  v1::Capabilities capabilities;
  EXPECT_TRUE(GetCapabilities(service, capabilities).ok());
  EXPECT_EQ(capabilities.model(), "Ruyi-Demo");
  EXPECT_EQ(capabilities.version(), "1.2.3");
  EXPECT_EQ(capabilities.queue_capacity(), 5);
  EXPECT_EQ(capabilities.limits().steps().max(), 100);
  EXPECT_EQ(capabilities.limits().max_loras(), 2);
  EXPECT_EQ(capabilities.fp8().mode(), v1::FP8_MODE_EXTREME);
  EXPECT_THAT(capabilities.fp8_modes(), testing::ElementsAre(v1::FP8_MODE_EXTREME));
  EXPECT_THAT(capabilities.loras(), testing::ElementsAre("film", "sketch"));
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
