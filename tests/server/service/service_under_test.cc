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
      store_({.queue_capacity = options_.queue_capacity}, clock_),
      jobs_(store_, {&events_}),
      artifacts_(*FileArtifactStore::Open(folder_.path().string(), options_.artifacts, clock_)),
      intake_({.limits = options_.limits,
               .build = "1.2.3",
               .decoder = &decoder_,
               .jobs = &jobs_,
               .artifacts = artifacts_.get(),
               .observers = {&events_},
               .draw_seed = [] { return uint64_t{7}; },
               .draw_id = [this] { return absl::StrCat("job-", ++ids_); }}),
      doorkeeper_({.clock = &clock_, .check_token = options_.check_token, .on_refused = options_.on_refused}),
      service_({.doorkeeper = &doorkeeper_,
                .intake = &intake_,
                .jobs = &jobs_,
                .artifacts = artifacts_.get(),
                .clock = &clock_,
                .version = "1.2.3",
                .queue_capacity = options_.queue_capacity,
                .on_bytes_sent = [this](size_t bytes) { bytes_sent_ += static_cast<int64_t>(bytes); }}) {
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
  worker_ = std::make_unique<Worker>(
      Worker::Parts{.pipeline = MakeWatchedPipeline(options_.pipeline, &watch_),
                    .tools = {.name = "worker-0",
                              .jobs = &jobs_,
                              .artifacts = artifacts_.get(),
                              .encoders = &encoders_,
                              .previews = &previews_,
                              .clock = &clock_,
                              .provenance = {.model = "model", .model_sha256 = "model", .build = "1.2.3"},
                              .device = "cpu",
                              .on_trouble = [](const absl::Status&) {}},
                    .on_lost = [](const absl::Status&) {}});
}

void ServiceUnderTest::Shutdown() {
  service_.EndStreams(absl::UnavailableError("the test is over"));
  server_->Shutdown(std::chrono::system_clock::now());
  service_.Stop();
}

}  // namespace ruyi
