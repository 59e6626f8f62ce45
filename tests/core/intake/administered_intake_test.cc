// What an administrator changes of the intake while it runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/artifact/files/file_artifact_store.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/intake/job_intake.h"
#include "core/store/memory/memory_job_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/fake_lora_catalog.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_costs.h"
#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

class AdministeredIntakeTest : public testing::Test {
 protected:
  AdministeredIntakeTest()
      : jobs_({}, clock_),
        artifacts_(*FileArtifactStore::Open(folder_.path().string(), {}, clock_)),
        intake_({.limits = {},
                 .build = "1",
                 .decoder = &decoder_,
                 .jobs = &jobs_,
                 .artifacts = artifacts_.get(),
                 .draw_seed = [] { return uint64_t{7}; },
                 .draw_id = [this] { return std::to_string(++drawn_); }}) {}

  void SetReady() {
    intake_.SetReady({.costs = TestCosts(),
                      .available = [] { return MemoryBudget{.device_bytes = int64_t{1} << 50}; },
                      .loras = std::make_shared<FakeLoraCatalog>(std::vector<std::string>{"film", "torn"}, "torn")});
  }

  static std::vector<FieldViolation> ViolationsOf(const absl::Status& status) {
    return GetErrorInfo(status).field_violations;
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  FakeImageDecoder decoder_;
  MemoryJobStore jobs_;
  std::unique_ptr<FileArtifactStore> artifacts_;
  int drawn_ = 0;
  JobIntake intake_;
};

TEST_F(AdministeredIntakeTest, RefusesUntilTheModelIsLoaded) {
  EXPECT_THAT(intake_.LoadLora("film"), HasReason(reason::kModelLoading));
  EXPECT_THAT(intake_.UnloadLora("film"), HasReason(reason::kModelLoading));
  EXPECT_THAT(intake_.CheckBudget(1), HasReason(reason::kModelLoading));
}

TEST_F(AdministeredIntakeTest, LetsLorasBeUnloadedAndLoaded) {
  SetReady();
  JobRequest request = {.generation = TestRequest()};
  request.generation.loras = {{.name = "film"}};
  EXPECT_THAT(intake_.Create(request, {}), IsOk());
  ASSERT_THAT(intake_.UnloadLora("film"), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, intake_.LoraNames());
  EXPECT_THAT(names, ElementsAre("torn"));
  EXPECT_THAT(ViolationsOf(intake_.Create(request, {}).status()),
              ElementsAre(Field(&FieldViolation::description, HasSubstr("unloaded"))));
  ASSERT_OK_AND_ASSIGN(const LoraFacts facts, intake_.LoadLora("film"));
  EXPECT_EQ(facts.sha256, FakeLoraCatalog::Sha256Of("film"));
  EXPECT_THAT(intake_.Create(request, {}), IsOk());
}

TEST_F(AdministeredIntakeTest, SaysWhyALoraCannotBeLoadedOrUnloaded) {
  SetReady();
  EXPECT_THAT(ViolationsOf(intake_.LoadLora("torn").status()),
              ElementsAre(testing::FieldsAre("name", HasSubstr("fits no layer"))));
  for (const absl::Status& status : {intake_.LoadLora("other").status(), intake_.UnloadLora("other")}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound));
    EXPECT_THAT(status, HasReason(reason::kNotFound));
  }
}

TEST_F(AdministeredIntakeTest, RefusesABudgetForWhichThereIsNoVideo) {
  SetReady();
  EXPECT_THAT(intake_.CheckBudget(3000 * kTestMib), IsOk());
  const absl::Status status = intake_.CheckBudget(2000 * kTestMib);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no video fits a budget of 2000 MiB")));
  EXPECT_THAT(status, HasReason(reason::kVramBudget));
  EXPECT_EQ(GetErrorInfo(status).metadata.count("least_mib"), 1u);
}

}  // namespace
}  // namespace ruyi
