#include "client/estimate_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "client/estimate_text.h"
#include "tests/client/client_process.h"
#include "tests/client/fake_server.h"
#include "tests/client/scripted_events.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::HasSubstr;

v1::ModeEstimate Mode(int blocks, int states, int mib, bool fits) {
  v1::ModeEstimate mode;
  mode.mutable_mode()->set_resident_blocks(blocks);
  mode.mutable_mode()->set_resident_states(states);
  mode.mutable_mode()->set_branches_in_turn(blocks == 0);
  mode.set_predicted_mib(mib);
  mode.mutable_predicted_time()->set_seconds(60 + (20 - blocks));
  mode.set_predicted_host_mib(blocks == 0 ? 13000 : 200);
  mode.set_fits(fits);
  mode.set_reason(fits ? "takes a part" : "would take too much");
  return mode;
}

v1::EstimateVideoResponse Estimate() {
  v1::EstimateVideoResponse estimate;
  estimate.mutable_settings()->mutable_size()->set_width(768);
  estimate.mutable_settings()->mutable_size()->set_height(512);
  estimate.mutable_settings()->set_frame_count(120);
  estimate.mutable_settings()->set_steps(25);
  *estimate.add_modes() = Mode(20, 10, 22893, /*fits=*/false);
  *estimate.add_modes() = Mode(0, 1, 9012, /*fits=*/true);
  estimate.set_chosen(1);
  estimate.set_reason("the fastest mode that fits");
  estimate.set_budget_mib(12288);
  estimate.set_host_budget_mib(65536);
  estimate.mutable_queue_wait()->set_nanos(500'000'000);
  return estimate;
}

TEST(EstimateText, IsATableWithTheChosenModeMarked) {
  EXPECT_EQ(
      EstimateText(Estimate()),
      "768x512, 120 frames, 25 steps; budget 12288 MiB, of the host 65536 MiB; about 0.5 s until the work begins\n"
      "  memory mode                                 MiB   host MiB        time  fits\n"
      "  20 blocks, 10 states                      22893        200       1 min  no    would take too much\n"
      "* 0 blocks, 1 states, branches in turn       9012      13000  1 min 20 s  yes   takes a part\n"
      "chosen (*): the fastest mode that fits\n");
}

TEST(EstimateText, SaysThatNothingWouldBeWaitedFor) {
  v1::EstimateVideoResponse estimate = Estimate();
  estimate.clear_queue_wait();
  EXPECT_THAT(EstimateText(estimate),
              HasSubstr("; budget 12288 MiB, of the host 65536 MiB; the work would begin at once\n"));
}

TEST(EstimateText, SaysThatNothingIsChosen) {
  v1::EstimateVideoResponse estimate = Estimate();
  estimate.clear_chosen();
  estimate.set_reason("no memory mode fits");
  EXPECT_THAT(EstimateText(estimate), HasSubstr("\nnone is chosen: no memory mode fits\n"));
  EXPECT_THAT(EstimateText(estimate), testing::Not(HasSubstr("*")));
}

class EstimateCommandTest : public testing::Test {
 protected:
  ClientResult Run(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"estimate", "--server", server_.address(), "--image", picture_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ClientProcess(folder_.path(), arguments).Wait();
  }

  TemporaryFolder folder_;
  std::string picture_ = folder_.Write("photo.png", "a picture");
  FakeServer server_;
};

TEST_F(EstimateCommandTest, PrintsTheTable) {
  server_.Answer(Estimate());
  const ClientResult result = Run({});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, EstimateText(Estimate()));
  EXPECT_EQ(result.err, "");
}

TEST_F(EstimateCommandTest, SendsTheRequestAndTheDevice) {
  EXPECT_EQ(Run({"--steps", "9", "--max-vram", "20GB", "--vram", "12GB"}).exit_code, 0);
  ASSERT_EQ(server_.questions().size(), 1);
  const v1::EstimateVideoRequest question = server_.questions()[0];
  EXPECT_EQ(question.request().start_images(0).data(), "a picture");
  EXPECT_EQ(question.request().steps(), 9);
  EXPECT_EQ(question.request().memory().max_vram_mib(), 20480);
  EXPECT_EQ(question.vram_mib(), 12288);
}

TEST_F(EstimateCommandTest, AsksForTheServerItself) {
  EXPECT_EQ(Run({}).exit_code, 0);
  EXPECT_FALSE(server_.questions().at(0).has_vram_mib());
}

TEST_F(EstimateCommandTest, PrintsOneJsonObject) {
  server_.Answer(Estimate());
  const ClientResult result = Run({"--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const nlohmann::json json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["chosen"], 1);
  EXPECT_EQ(json["modes"][1]["mode"]["resident_blocks"], 0);
  EXPECT_EQ(json["modes"][1]["predicted_mib"], "9012");
}

TEST_F(EstimateCommandTest, AnswersWhenNothingFits) {
  v1::EstimateVideoResponse estimate = Estimate();
  estimate.clear_chosen();
  server_.Answer(estimate);
  EXPECT_EQ(Run({}).exit_code, 0);
  EXPECT_FALSE(nlohmann::json::parse(Run({"--json"}).out).contains("chosen"));
}

TEST_F(EstimateCommandTest, NamesTheFlagsOfARefusedRequest) {
  server_.Refuse(ToGrpc(DetailedStatus(grpc::INVALID_ARGUMENT, "2 fields are wrong", "INVALID_REQUEST",
                                       {{"vram_mib", "0 is out of range"}, {"memory.policy", "is wrong"}})));
  const ClientResult result = Run({"--vram", "0"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "error: the server refuses the request [INVALID_REQUEST]\n"
            "  --vram: 0 is out of range\n"
            "  --memory: is wrong\n");
}

TEST_F(EstimateCommandTest, SaysThatTheModelLoads) {
  server_.Refuse(ToGrpc(DetailedStatus(grpc::UNAVAILABLE, "the model loads", "MODEL_LOADING", {}, 2000)));
  EXPECT_EQ(Run({}).exit_code, 4);
}

TEST_F(EstimateCommandTest, ReportsAPictureThatCannotBeRead) {
  const std::string none = folder_.path() / "none.png";
  const ClientResult result = Run({"--end-image", none});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("error: --end-image number 1 (" + none + ") cannot be read"));
  EXPECT_TRUE(server_.questions().empty());
}

}  // namespace
}  // namespace ruyi::client
