// Stands behind an operator's page in tests: it has jobs in memory, and everything else as a test sets it. Not
// thread-safe but for the page.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/artifact/files/file_artifact_store.h"
#include "core/base/error_info.h"
#include "server/page/operator_page.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_image_decoder.h"
#include "tests/support/flaky_job_store.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_plan.h"

namespace ruyi {

class PageSite {
 public:
  PageSite()
      : artifacts_(*FileArtifactStore::Open(folder_.path().string(), {}, clock_)),
        intake_({.limits = {}, .build = "1.2.3", .decoder = &decoder_, .jobs = &jobs_, .artifacts = artifacts_.get()}),
        administration_({.build = "1.2.3",
                         .model = "tiny",
                         .queue_capacity = 4,
                         .drain_timeout = absl::Seconds(30),
                         .jobs = &jobs_,
                         .artifacts = artifacts_.get(),
                         .intake = &intake_,
                         .clock = &clock_,
                         .state = [this] { return state; },
                         .workers = [this] { return workers; },
                         .set_budget = [](const std::string&, std::optional<int64_t>) { return absl::OkStatus(); },
                         .drain = [this](absl::Duration patience) { drains.push_back(patience); },
                         .on_change = [this](const AdminChange& change) { changes.push_back(change); }}) {}

  OperatorPage::Parts parts() {
    return {.administration = &administration_,
            .jobs = &jobs_,
            .admit = [this](std::optional<std::string_view> authorization, const std::string& peer,
                            const std::string& method) { return Admit(authorization, peer, method); },
            .on_refused =
                [this](const std::string& peer, const std::string& method, const absl::Status& why) {
                  refusals.push_back(absl::StrCat(peer, " ", method, " ", GetErrorInfo(why).reason));
                }};
  }

  FlakyJobStore& jobs() { return jobs_; }

  std::string CreateJob(std::map<std::string, std::string> labels = {}) {
    const std::string id = "job-" + std::to_string(++created_);
    NewJob job = {.ticket = {.id = id, .labels = std::move(labels)}, .spec = TestSpec()};
    job.spec.preview = PreviewSettings();
    EXPECT_TRUE(jobs_.Create(std::move(job)).ok());
    return id;
  }

  // Gives the next job to the first worker.
  Lease StartJob() {
    const absl::StatusOr<std::optional<Lease>> lease = jobs_.Claim("worker-0", absl::Minutes(1));
    EXPECT_TRUE(lease.ok() && lease->has_value());
    workers[0].job_id = (*lease)->job_id;
    return **lease;
  }

  void Append(const Lease& lease, JobEvent event) { EXPECT_TRUE(jobs_.Append(lease, std::move(event)).ok()); }

  ServerState state = ServerState::kServing;
  std::vector<WorkerStatus> workers = {{.name = "worker-0", .device = "cuda:0"}};
  std::vector<absl::Duration> drains;
  std::vector<AdminChange> changes;
  std::vector<std::string> credentials;  // that were shown; "none" where there was none
  std::vector<std::string> methods;      // that they were shown for
  std::vector<std::string> refusals;     // of what another page may have sent: who, what and why
  absl::Status admits;                   // what Admit ends with

 private:
  absl::StatusOr<CallContext> Admit(std::optional<std::string_view> authorization, const std::string& peer,
                                    const std::string& method) {
    methods.push_back(method);
    credentials.push_back(std::string(authorization.value_or("none")) + " from " + peer);
    if (!admits.ok())
      return admits;
    return CallContext{.principal = "ana", .tenant = "ops", .role = Role::kAdmin, .call_id = "c1"};
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  FakeImageDecoder decoder_;
  FlakyJobStore jobs_{{.queue_capacity = 100}, clock_};
  std::unique_ptr<FileArtifactStore> artifacts_;
  JobIntake intake_;
  int created_ = 0;
  Administration administration_;
};

}  // namespace ruyi
