// The commands that make, show and end jobs, as the built program runs them against a fake server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/types.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "tests/client/client_process.h"
#include "tests/client/fake_server.h"
#include "tests/client/scripted_events.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const grpc::Status kReset(grpc::UNAVAILABLE, "connection reset");

grpc::Status NotFound() {
  return ToGrpc(DetailedStatus(grpc::NOT_FOUND, "there is none", "NOT_FOUND"));
}

v1::Video VideoNamed(const std::string& name) {
  v1::Video video = AcceptedEvent().accepted().video();
  video.set_name(name);
  video.set_state(v1::VIDEO_STATE_QUEUED);
  return video;
}

class JobCommandsTest : public testing::Test {
 protected:
  ClientResult Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--server", server_.address()});
    return ClientProcess(folder_.path(), arguments).Wait();
  }

  void ExpectOut(const ClientResult& result, const std::string& out) {
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out, out);
    EXPECT_EQ(result.err, "");
  }

  void ExpectFailure(const ClientResult& result, int exit_code, const std::string& error) {
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(error));
    EXPECT_EQ(result.out, "");
  }

  TemporaryFolder folder_;
  std::string picture_ = folder_.Write("photo.png", "a picture");
  std::string out_ = folder_.path() / "film.mp4";
  absl::Notification done_;  // for a script to wait on; outlives the server's threads
  FakeServer server_;
};

TEST_F(JobCommandsTest, CreatePrintsTheName) {
  server_.OnCreate(&CreateIt);
  ExpectOut(Run({"create", "--image", picture_, "--priority", "low"}), "videos/7\n");
  const v1::CreateVideoRequest request = server_.creations().at(0);
  EXPECT_EQ(request.request().start_images(0).data(), "a picture");
  EXPECT_EQ(request.request().priority(), v1::PRIORITY_LOW);
  EXPECT_THAT(request.request().request_id(), testing::MatchesRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"));
  EXPECT_FALSE(request.validate_only());
}

TEST_F(JobCommandsTest, CreateOnlyValidates) {
  server_.OnCreate([](const v1::CreateVideoRequest&, v1::Video& video) {
    video = VideoNamed("");
    video.clear_state();
    video.mutable_plan()->set_predicted_mib(22893);
    return grpc::Status::OK;
  });
  const ClientResult result = Run({"create", "--image", picture_, "--validate-only"});
  ExpectOut(result,
            "settings    64x48, 9 frames, seed 42, 25 steps, ddim, guidance 7\n"
            "plan        0 blocks, 0 states, 22893 MiB, about 0 s\n");
  EXPECT_TRUE(server_.creations().at(0).validate_only());
}

TEST_F(JobCommandsTest, CreateTellsWhatIsWrong) {
  server_.OnCreate(FailCreate(
      ToGrpc(DetailedStatus(grpc::INVALID_ARGUMENT, "a field is wrong", "INVALID_REQUEST", {{"labels", "too many"}}))));
  ExpectFailure(Run({"create", "--image", picture_}), 3,
                "the server refuses the request [INVALID_REQUEST]\n  --label: ");
  ExpectFailure(Run({"create", "--image", picture_ + ".none"}), 5, "cannot be read");
}

TEST_F(JobCommandsTest, CreateGivesUp) {
  server_.OnCreate(FailCreate(kReset));
  ExpectFailure(Run({"create", "--image", picture_, "--retry-for", "0"}), 4, "the same command with --request-id ");
}

TEST_F(JobCommandsTest, WatchShowsTheEvents) {
  server_.OnWatch(SendEvents({AcceptedEvent(), QueuedEvent(0), CompletedEvent("film")}));
  const ClientResult result = Run({"watch", "7"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "videos/7: 4 bytes, 64x48, 9 frames, seed 42, made in 3.5 s\n");
  EXPECT_EQ(result.err, "videos/7 accepted: 64x48, 9 frames, seed 42, 25 steps\nqueued: next\n");
  EXPECT_EQ(server_.watches().at(0).name(), "videos/7");
}

TEST_F(JobCommandsTest, WatchPrintsJsonAfterAnEvent) {
  server_.OnWatch(SendEvents({AcceptedEvent(), QueuedEvent(0), CompletedEvent("film")}));
  const ClientResult result = Run({"watch", "videos/7", "--after", "2", "--json"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(nlohmann::json::parse(result.out)["seq"], "3");
  EXPECT_EQ(server_.watches().at(0).after_seq(), 2);
}

TEST_F(JobCommandsTest, WatchEndsAfterTheLastEvent) {
  server_.OnWatch(SendLast(3, CompletedEvent("film")));
  ExpectOut(Run({"watch", "7", "--after", "3"}), "videos/7: 4 bytes, 64x48, 9 frames, seed 42, made in 3.5 s\n");
  ExpectOut(Run({"watch", "7", "--after", "3", "--json"}), "");
}

TEST_F(JobCommandsTest, WatchTellsHowItEnded) {
  server_.OnWatch(SendEvents({FailedEvent(DetailedStatus(grpc::ABORTED, "a device broke", "WORKER_LOST"))}));
  ExpectFailure(Run({"watch", "7"}), 4, "error: videos/7: a device broke [WORKER_LOST]\n");
}

TEST_F(JobCommandsTest, WatchOfAFailureWithoutACodeFails) {
  server_.OnWatch(SendEvents({FailedEvent(google::rpc::Status())}));
  ExpectFailure(Run({"watch", "7"}), 1, "error: videos/7: status 0\n");
}

TEST_F(JobCommandsTest, WatchTellsThatThereIsNone) {
  server_.OnWatch(SendEvents({}, NotFound()));
  ExpectFailure(Run({"watch", "7"}), 8, "error: videos/7: there is none [NOT_FOUND]\n");
}

TEST_F(JobCommandsTest, WatchGivesUp) {
  server_.OnWatch(SendEvents({}, kReset));
  ExpectFailure(
      Run({"watch", "7", "--retry-for", "0"}), 9,
      "error: videos/7: the server is away (connection reset): what became of the video is unknown; `ruyi-client watch "
      "videos/7` watches again\n");
}

TEST_F(JobCommandsTest, WatchLeavesTheVideoAlone) {
  server_.OnWatch([this](grpc::ServerContext& context, const v1::WatchVideoRequest& request, EventWriter& writer) {
    done_.Notify();
    return BeatUntilCancelled(context, request, writer);
  });
  ClientProcess process(folder_.path(), {"watch", "7", "--server", server_.address()});
  done_.WaitForNotification();
  kill(process.pid(), SIGINT);
  EXPECT_EQ(process.Wait().exit_code, 130);
  EXPECT_THAT(server_.named(), IsEmpty());
}

TEST_F(JobCommandsTest, DownloadSavesTheFilm) {
  server_.Make("0123456789", 4);
  const ClientResult result = Run({"download", "7", "--out", out_});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ReadFile(out_), "0123456789");
  EXPECT_THAT(PartFiles(folder_.path()), IsEmpty());
  EXPECT_THAT(server_.creations(), IsEmpty());
}

TEST_F(JobCommandsTest, DownloadGoesOn) {
  server_.Make("0123456789", 4);
  folder_.Write("film.mp4.part", "0123");
  folder_.Write("film.mp4.part.json",
                absl::StrCat(R"({"video": "videos/7", "last_seq": 1, "server": ")", server_.address(), "\"}"));
  // Neither the name nor the server is given.
  const ClientResult result = ClientProcess(folder_.path(), {"download", "--resume", "--out", out_}).Wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ReadFile(out_), "0123456789");
  EXPECT_EQ(server_.downloads().at(0).read_offset(), 4);
  EXPECT_EQ(server_.watches().at(0).after_seq(), 1);
  EXPECT_THAT(PartFiles(folder_.path()), IsEmpty());
}

TEST_F(JobCommandsTest, DownloadBeginsWhereThereIsNothingToGoOnWith) {
  server_.Make("film", 4);
  EXPECT_EQ(Run({"download", "7", "--resume", "--out", out_}).exit_code, 0);
  EXPECT_EQ(ReadFile(out_), "film");
}

TEST_F(JobCommandsTest, DownloadDoesNotMixTwoVideos) {
  folder_.Write("film.mp4.part", "0123");
  folder_.Write("film.mp4.part.json", R"({"video": "videos/7"})");
  ExpectFailure(Run({"download", "8", "--resume", "--out", out_}), 5, "was begun with videos/7 and not with videos/8");
  EXPECT_EQ(ReadFile(folder_.path() / "film.mp4.part"), "0123");
  ExpectFailure(Run({"download", "7", "--out", out_}), 5, "is on its way: go on with --resume");
}

TEST_F(JobCommandsTest, DownloadTellsThatTheFilmHasExpired) {
  server_.OnWatch(SendEvents({CompletedEvent("film")}));
  server_.OnDownload(FailDownload(ToGrpc(DetailedStatus(grpc::NOT_FOUND, "it is gone", "RESULT_EXPIRED"))));
  ExpectFailure(Run({"download", "7", "--out", out_}), 8, "error: videos/7: it is gone [RESULT_EXPIRED]\n");
  EXPECT_THAT(PartFiles(folder_.path()), IsEmpty());
}

TEST_F(JobCommandsTest, DownloadFindsMoreBytesThanThereAre) {
  folder_.Write("film.mp4.part", "more bytes than the film has");
  folder_.Write("film.mp4.part.json", R"({"video": "videos/7"})");
  server_.OnWatch(SendEvents({CompletedEvent("film")}));
  server_.OnDownload(FailDownload(ToGrpc(DetailedStatus(grpc::OUT_OF_RANGE, "it has 4 bytes", "OFFSET_PAST_END"))));
  ExpectFailure(Run({"download", "--resume", "--out", out_}), 3, "error: videos/7: it has 4 bytes [OFFSET_PAST_END]\n");
  EXPECT_THAT(PartFiles(folder_.path()), IsEmpty());
}

TEST_F(JobCommandsTest, DownloadLeavesTheVideoAloneWhenItIsInterrupted) {
  server_.OnWatch(&BeatUntilCancelled);
  server_.OnDownload(
      [this](grpc::ServerContext& context, const v1::DownloadVideoRequest& request, ChunkWriter& writer) {
        done_.Notify();
        return WaitUntilCancelled(context, request, writer);
      });
  ClientProcess process(folder_.path(), {"download", "7", "--out", out_, "--server", server_.address()});
  done_.WaitForNotification();
  kill(process.pid(), SIGTERM);
  ExpectFailure(process.Wait(), 143, "error: videos/7: interrupted: the video is left to the server; ");
  EXPECT_THAT(server_.named(), IsEmpty());
  EXPECT_THAT(PartFiles(folder_.path()), SizeIs(2));
}

TEST_F(JobCommandsTest, ListIsATable) {
  server_.Answer({VideoNamed("videos/10"), VideoNamed("videos/9")}, 10);
  ExpectOut(Run({"list"}),
            "NAME       STATE   CREATED (UTC)  SIZE   FRAMES  WORK  LABELS\n"
            "videos/10  queued                 64x48  9\n"
            "videos/9   queued                 64x48  9\n");
  EXPECT_EQ(server_.lists().at(0).page_size(), 50);
}

TEST_F(JobCommandsTest, ListAsksForPagesUpToItsLimit) {
  server_.Answer({VideoNamed("videos/10"), VideoNamed("videos/9"), VideoNamed("videos/8"), VideoNamed("videos/7")}, 2);
  const ClientResult result =
      Run({"list", "--limit", "3", "--json", "--state", "failed", "--state", "expired", "--label", "a=b"});
  EXPECT_EQ(result.exit_code, 0);
  std::istringstream lines(result.out);
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);)
    names.push_back(nlohmann::json::parse(line)["name"]);
  EXPECT_THAT(names, ElementsAre("videos/10", "videos/9", "videos/8"));
  ASSERT_THAT(server_.lists(), SizeIs(2));
  EXPECT_THAT(server_.lists()[0].states(), ElementsAre(v1::VIDEO_STATE_FAILED, v1::VIDEO_STATE_EXPIRED));
  EXPECT_EQ(server_.lists()[0].labels().at("a"), "b");
  EXPECT_EQ(server_.lists()[1].page_size(), 1);
}

TEST_F(JobCommandsTest, GetShowsOneVideo) {
  server_.Answer(VideoNamed("videos/7"));
  ExpectOut(Run({"get", "7"}),
            "name        videos/7\n"
            "state       queued\n"
            "settings    64x48, 9 frames, seed 42, 25 steps, ddim, guidance 7\n");
  const ClientResult result = Run({"get", "videos/7", "--json"});
  EXPECT_EQ(nlohmann::json::parse(result.out)["state"], "VIDEO_STATE_QUEUED");
  EXPECT_THAT(server_.named(), ElementsAre("get videos/7", "get videos/7"));
}

TEST_F(JobCommandsTest, CancelTellsTheState) {
  v1::Video video = VideoNamed("videos/7");
  video.set_state(v1::VIDEO_STATE_CANCELLING);
  server_.Answer(video);
  ExpectOut(Run({"cancel", "7"}), "videos/7 is cancelling\n");
  EXPECT_THAT(server_.named(), ElementsAre("cancel videos/7"));
}

TEST_F(JobCommandsTest, DeleteTellsThatItIsGone) {
  ExpectOut(Run({"delete", "7"}), "videos/7 is deleted\n");
  EXPECT_THAT(server_.named(), ElementsAre("delete videos/7"));
}

TEST_F(JobCommandsTest, UploadPrintsTheNames) {
  const std::string second = folder_.Write("second.png", std::string(1'000'000, 'p'));
  ExpectOut(Run({"upload", picture_, second}), "images/1\nimages/2\n");
  EXPECT_THAT(server_.uploads(), ElementsAre("a picture", std::string(1'000'000, 'p')));
}

TEST_F(JobCommandsTest, UploadTellsWhatIsWrong) {
  ExpectFailure(Run({"upload", picture_ + ".none"}), 5, "error: " + picture_ + ".none cannot be read");
  ExpectFailure(Run({"upload", folder_.Write("empty.png", "")}), 5, "empty.png is empty");
  ExpectFailure(Run({"upload", folder_.path()}), 5, "is a folder");
  server_.Refuse(ToGrpc(DetailedStatus(grpc::INVALID_ARGUMENT, "no picture", "INVALID_REQUEST")));
  ExpectFailure(Run({"upload", picture_}), 3, "error: " + picture_ + ": no picture [INVALID_REQUEST]\n");
}

TEST_F(JobCommandsTest, EveryErrorNamesTheVideo) {
  server_.Refuse(NotFound());
  for (const char* command : {"get", "cancel", "delete"})
    ExpectFailure(Run({command, "7"}), 8, "error: videos/7: there is none [NOT_FOUND]\n");
  ExpectFailure(Run({"list"}), 8, "error: there is none [NOT_FOUND]\n");
}

}  // namespace
}  // namespace ruyi::client
