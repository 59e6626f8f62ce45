// The fixture of tests that run attempts at jobs, one after the other, on a WorkerBench. Not thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/core/worker/worker_bench.h"

namespace ruyi {

class JobRunFixture : public testing::Test {
 protected:
  // Claims the next job and runs it to the attempt's end.
  absl::Status RunNext(FakePipelineOptions options = {}) {
    const Lease lease = bench_.Claim();
    const WorkerTools tools = bench_.Tools();
    FakePipeline pipeline(std::move(options));
    return JobRun(lease, tools).Run(pipeline);
  }

  // Makes a video without interruption and returns its bytes.
  std::string Uninterrupted() {
    const std::string id = bench_.CreateJob();
    EXPECT_THAT(RunNext(), IsOk());
    return bench_.BytesOf(id);
  }

  WorkerBench bench_;
};

}  // namespace ruyi
