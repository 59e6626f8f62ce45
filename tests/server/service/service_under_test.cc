#include "tests/server/service/service_under_test.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace ruyi {

ServiceUnderTest::ServiceUnderTest(ServiceOptions options)
    : options_(std::move(options)),
      decoder_(options_.on_decode),
      encoders_(options_.encoder),
      events_(options_.on_accepted),
      queue_(options_.queue_capacity),
      intake_({.limits = options_.limits,
               .decoder = &decoder_,
               .queue = &queue_,
               .clock = &clock_,
               .observers = {&events_},
               .draw_seed = [] { return uint64_t{7}; },
               .draw_id =
                   [this] {
                     ids_.Increment();
                     return absl::StrCat("job-", ids_.value());
                   }}),
      service_(intake_, clock_, "1.2.3") {
  if (options_.is_ready)
    SetReady();
  Listen();
  if (options_.has_worker)
    StartWorker();
}

ServiceUnderTest::~ServiceUnderTest() {
  Shutdown();
  worker_.reset();
  EXPECT_EQ(calls_.later_statuses.value(), 0);
  EXPECT_EQ(calls_.later_messages.value(), 0);
  EXPECT_TRUE(events_.ended().Await(events_.accepted().value()));
}

void ServiceUnderTest::Listen() {
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(std::make_unique<CallLogFactory>(&calls_));
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.SetMaxReceiveMessageSize(options_.max_message_bytes);
  builder.RegisterService(&service_);
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  server_ = builder.BuildAndStart();
  channel_ = ConnectTo(port_);
}

void ServiceUnderTest::StartWorker() {
  worker_ = std::make_unique<Worker>(Worker::Parts{.pipeline = MakeWatchedPipeline(options_.pipeline, &watch_),
                                                   .queue = &queue_,
                                                   .encoders = &encoders_,
                                                   .clock = &clock_,
                                                   .on_lost = [](const absl::Status&) {}});
}

void ServiceUnderTest::Shutdown() {
  queue_.Close();
  queue_.CancelAll(absl::UnavailableError("the test is over"));
  server_->Shutdown(std::chrono::system_clock::now());
}

}  // namespace ruyi
