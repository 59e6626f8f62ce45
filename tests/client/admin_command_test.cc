// `ruyi-client admin`, as the built program runs it against a fake server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "tests/client/client_process.h"
#include "tests/client/fake_admin.h"
#include "tests/client/fake_server.h"
#include "tests/client/scripted_events.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

v1::AdminJob JobNamed(const std::string& name) {
  v1::AdminJob job;
  job.mutable_video()->set_name(name);
  job.mutable_video()->set_state(v1::VIDEO_STATE_RUNNING);
  job.mutable_video()->set_priority(v1::PRIORITY_HIGH);
  job.mutable_video()->mutable_progress()->set_phase(v1::PHASE_DENOISING);
  job.mutable_video()->mutable_progress()->set_step(3);
  job.mutable_video()->mutable_progress()->set_total(25);
  job.mutable_video()->mutable_plan()->mutable_predicted_time()->set_seconds(63);
  job.mutable_video()->mutable_plan()->set_reason("the fastest");
  job.set_tenant("film");
  job.set_principal("ana");
  job.set_worker("worker-0");
  return job;
}

void FillWorker(v1::WorkerStatus& worker) {
  worker.set_worker("worker-0");
  worker.set_device("cuda:0");
  worker.set_budget_mib(12288);
  worker.set_available_mib(12000);
  worker.mutable_mode()->set_resident_blocks(20);
  worker.mutable_mode()->set_resident_states(5);
  *worker.mutable_job() = JobNamed("videos/7");
}

constexpr char kWorkers[] =
    "WORKER    DEVICE  BUDGET     AVAILABLE  MEMORY MODE          JOB       TENANT  WORK\n"
    "worker-0  cuda:0  12288 MiB  12000 MiB  20 blocks, 5 states  videos/7  film    denoising 3/25, 1 min 3 s "
    "predicted\n";

class AdminCommandTest : public testing::Test {
 protected:
  ClientResult Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "admin");
    arguments.insert(arguments.end(), {"--server", admin_.address()});
    return ClientProcess(folder_.path(), arguments).Wait();
  }

  void ExpectOut(const ClientResult& result, const std::string& out) {
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out, out);
    EXPECT_EQ(result.err, "");
  }

  void ExpectUsageError(const std::vector<std::string>& arguments) {
    EXPECT_EQ(Run(arguments).exit_code, 2);
    EXPECT_THAT(admin_.requests(), IsEmpty());
  }

  TemporaryFolder folder_;
  FakeAdmin admin_;
};

TEST_F(AdminCommandTest, StatusShowsTheServer) {
  v1::ServerStatus& status = admin_.status;
  status.set_version("1.2.3");
  status.set_model("Ruyi-Mini-7B");
  status.set_state(v1::SERVER_STATE_SERVING);
  status.mutable_uptime()->set_seconds(3723);
  status.mutable_jobs()->set_reachable(true);
  status.mutable_artifacts()->set_message("no bucket");
  status.mutable_artifacts()->set_used_bytes(9);
  status.mutable_queue()->set_waiting(2);
  status.mutable_queue()->set_running(1);
  status.mutable_queue()->set_capacity(16);
  status.mutable_queue()->set_paused(true);
  status.mutable_queue()->mutable_predicted_work()->set_seconds(63);
  FillWorker(*status.add_workers());
  ExpectOut(Run({"status"}),
            std::string("server    serving; version 1.2.3, for 1 h 3 min\n"
                        "model     Ruyi-Mini-7B\n"
                        "jobs      reachable\n"
                        "artifacts AWAY: no bucket; 9 bytes\n"
                        "queue     2 wait and 1 are being made; 16 may wait; about 1 min 3 s of work; PAUSED\n"
                        "\n") +
                kWorkers);
  EXPECT_EQ(nlohmann::json::parse(Run({"status", "--json"}).out)["workers"][0]["job"]["tenant"], "film");
}

TEST_F(AdminCommandTest, StatusShowsTheTenantsThatHaveJobs) {
  v1::TenantStatus& film = *admin_.status.add_tenants();
  film.set_tenant("film");
  film.set_waiting(12);
  film.set_running(1);
  film.mutable_waiting_work()->set_seconds(3723);
  film.set_turn(1);
  film.set_device_seconds_a_day(86400);
  film.set_device_seconds_used(3600);
  v1::TenantStatus& press = *admin_.status.add_tenants();
  press.set_tenant("press");
  press.set_running(2);
  const std::string table =
      "\n"
      "TENANT  WAITING  RUNNING  WAITING WORK  TURN  DEVICE TIME TODAY\n"
      "film    12       1        1 h 3 min     1     1 h of 1 d\n"
      "press   0        2        0 s                 not limited\n";
  EXPECT_THAT(Run({"status"}).out, EndsWith(table));
  admin_.status.set_tenants_left_out(7);
  EXPECT_THAT(Run({"status"}).out, EndsWith(table + "7 more have jobs, and less work that waits\n"));
  const auto json = nlohmann::json::parse(Run({"status", "--json"}).out);
  EXPECT_EQ(json["tenants"][0]["turn"], 1);
  EXPECT_EQ(json["tenants"][0]["device_seconds_used"], "3600");
  EXPECT_EQ(json["tenants_left_out"], 7);
}

TEST_F(AdminCommandTest, JobsAsksForAsManyPagesAsAreNeeded) {
  admin_.jobs = {JobNamed("videos/1"), JobNamed("videos/2"), JobNamed("videos/3")};
  ExpectOut(Run({"jobs", "--limit", "3", "--state", "running", "--label", "shot=7", "--tenant", "film"}),
            "NAME      STATE    TENANT  CALLER  WORKER    PRIORITY  CREATED (UTC)  WORK            PLACED BECAUSE\n"
            "videos/1  running  film    ana     worker-0  high                     denoising 3/25  the fastest\n"
            "videos/2  running  film    ana     worker-0  high                     denoising 3/25  the fastest\n"
            "videos/3  running  film    ana     worker-0  high                     denoising 3/25  the fastest\n");
  EXPECT_THAT(admin_.requests(), ElementsAre(AllOf(HasSubstr("page_size: 3"), HasSubstr("VIDEO_STATE_RUNNING"),
                                                   HasSubstr("\"shot\""), HasSubstr("tenant: \"film\"")),
                                             AllOf(HasSubstr("page_size: 1"), HasSubstr("page_token: \"2\""))));
}

TEST_F(AdminCommandTest, JobsPrintsOneObjectForEach) {
  admin_.jobs = {JobNamed("videos/1")};
  EXPECT_EQ(nlohmann::json::parse(Run({"jobs", "--json"}).out)["worker"], "worker-0");
  EXPECT_THAT(admin_.requests(), ElementsAre(HasSubstr("page_size: 50")));
}

TEST_F(AdminCommandTest, DrainSaysWhatGoesOn) {
  admin_.drain.mutable_timeout()->set_seconds(30);
  admin_.drain.set_waiting(2);
  FillWorker(*admin_.drain.add_working());
  ExpectOut(Run({"drain"}),
            std::string("the server drains: no new jobs; what is being made may go on for 30 s at most; 2 wait for its "
                        "next start or another server\n") +
                kWorkers);
  Run({"drain", "--timeout", "0.5"});
  EXPECT_THAT(admin_.requests(), ElementsAre("Drain ", "Drain timeout { nanos: 500000000 }"));
}

TEST_F(AdminCommandTest, PauseAndResumeShowTheQueue) {
  admin_.queue.set_waiting(1);
  admin_.queue.set_capacity(4);
  ExpectOut(Run({"resume"}), "1 wait and 0 are being made; 4 may wait; about 0 s of work\n");
  EXPECT_EQ(nlohmann::json::parse(Run({"pause", "--json"}).out)["waiting"], 1);
  EXPECT_THAT(admin_.requests(), ElementsAre("ResumeQueue ", "PauseQueue "));
}

TEST_F(AdminCommandTest, VramBudgetTakesUnitsAndTheWordFree) {
  FillWorker(*admin_.budget.add_workers());
  ExpectOut(Run({"vram-budget", "12GiB", "--device", "cuda:0"}), kWorkers);
  Run({"vram-budget", "free"});
  EXPECT_THAT(admin_.requests(), ElementsAre("SetVramBudget device: \"cuda:0\" mib: 12288", "SetVramBudget "));
}

TEST_F(AdminCommandTest, PriorityAndCancelNameTheVideo) {
  admin_.job = JobNamed("videos/7");
  ExpectOut(Run({"priority", "7", "high"}), "videos/7 is of priority high\n");
  ExpectOut(Run({"cancel", "videos/7", "--reason", "the disk is full"}), "videos/7 of film is running\n");
  EXPECT_THAT(admin_.requests(), ElementsAre("SetJobPriority name: \"videos/7\" priority: PRIORITY_HIGH",
                                             "CancelJob name: \"videos/7\" reason: \"the disk is full\""));
}

TEST_F(AdminCommandTest, LorasAreLoadedAndUnloaded) {
  admin_.lora.set_name("film");
  admin_.lora.set_device_mib(12);
  admin_.lora.set_sha256("ab");
  ExpectOut(Run({"load-lora", "film"}), "film fits the model: 12 MiB, sha256 ab\n");
  ExpectOut(Run({"unload-lora", "film"}), "no new request may name film; videos that were accepted keep it\n");
  EXPECT_THAT(admin_.requests(), ElementsAre("LoadLora name: \"film\"", "UnloadLora name: \"film\""));
}

TEST_F(AdminCommandTest, ErrorsSayWhatIsWrong) {
  admin_.end = ToGrpc(DetailedStatus(grpc::PERMISSION_DENIED, "only administrators may", "WRONG_ROLE"));
  for (const std::vector<std::string>& command : {std::vector<std::string>{"status"},
                                                  {"jobs"},
                                                  {"drain"},
                                                  {"pause"},
                                                  {"resume"},
                                                  {"vram-budget", "free"},
                                                  {"priority", "7", "low"},
                                                  {"cancel", "7", "--reason", "why"},
                                                  {"load-lora", "film"},
                                                  {"unload-lora", "film"}}) {
    const ClientResult result = Run(command);
    EXPECT_EQ(result.exit_code, 3) << command[0];
    EXPECT_THAT(result.err, HasSubstr("only administrators may [WRONG_ROLE]")) << command[0];
    EXPECT_EQ(result.out, "");
  }
  admin_.end = ToGrpc(DetailedStatus(grpc::INVALID_ARGUMENT, "no", "INVALID_REQUEST", {{"timeout", "is too long"}}));
  EXPECT_THAT(Run({"drain", "--timeout", "90000"}).err, HasSubstr("--timeout: is too long"));
}

TEST_F(AdminCommandTest, TheAddressOfTheApiIsToldApart) {
  FakeServer api;
  const ClientResult result = ClientProcess(folder_.path(), {"admin", "status", "--server", api.address()}).Wait();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("nothing is administered at"), HasSubstr("--admin-listen")));
}

TEST_F(AdminCommandTest, TheAddressComesFromItsOwnVariable) {
  const std::vector<std::string> environment = {"RUYI_ADMIN_SERVER=" + admin_.address(), "RUYI_SERVER=127.0.0.1:1"};
  EXPECT_EQ(ClientProcess(folder_.path(), {"admin", "pause"}, environment).Wait().exit_code, 0);
  EXPECT_EQ(ClientProcess(folder_.path(), {"--server", admin_.address(), "admin", "pause"}).Wait().exit_code, 0);
}

TEST_F(AdminCommandTest, WrongCommandLinesAskNobody) {
  ExpectUsageError({});
  ExpectUsageError({"halt"});
  ExpectUsageError({"cancel", "7"});
  ExpectUsageError({"drain", "--timeout", "-1"});
  ExpectUsageError({"drain", "--timeout", "inf"});
  ExpectUsageError({"vram-budget"});
  ExpectUsageError({"vram-budget", "much"});
  ExpectUsageError({"priority", "7", "highest"});
  ExpectUsageError({"jobs", "--limit", "0"});
}

}  // namespace
}  // namespace ruyi::client
