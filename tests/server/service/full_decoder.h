// A service that decodes the pictures of as many requests as it may, and has refused one more. Before it: tests of what
// a further call gets. Not thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/server/counter.h"
#include "tests/server/gate.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/test_request.h"

namespace ruyi {

struct FullDecoder {
  static constexpr size_t kThreads = 2;
  static constexpr size_t kWaiting = 64;

  // Fills the decoder. To be called within ASSERT_NO_FATAL_FAILURE.
  void Fill() {
    for (size_t i = 0; i < kThreads; ++i)
      calls.push_back(std::make_unique<VideoCall>(service.channel(), SmallRequest()));
    ASSERT_TRUE(decoding.Await(kThreads));
    while (calls.size() < kThreads + kWaiting + 1)
      calls.push_back(std::make_unique<VideoCall>(service.channel(), SmallRequest()));
    ASSERT_TRUE(service.calls().statuses.Await(1));  // of the one that is too many
  }

  ServiceOptions Options() {
    ServiceOptions options;
    options.queue_capacity = 100;
    options.on_decode = [this] {
      decoding.Increment();
      gate.Pass();
    };
    return options;
  }

  Gate gate;  // that the decoding waits for
  Counter decoding;
  ServiceUnderTest service{Options()};
  std::vector<std::unique_ptr<VideoCall>> calls;
};

}  // namespace ruyi
