// Tests what `ruyi-client generate` does when the connection, the server, the disk or the client itself ends before the
// film.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "absl/synchronization/notification.h"
#include "tests/client/generate_command_fixture.h"

namespace ruyi::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class GenerateResumeTest : public GenerateCommandTest {};

const grpc::Status kReset(grpc::UNAVAILABLE, "connection reset");

TEST_F(GenerateResumeTest, AsksAgainWithTheSameId) {
  server_.OnCreate(FailCreate(ToGrpc(DetailedStatus(grpc::UNAVAILABLE, "it loads", "MODEL_LOADING", {}, 1))));
  server_.Make("film", 4);
  const ClientResult result = RunHere({"--request-id", kRequestId});
  ExpectSaved(result, "film");
  EXPECT_THAT(result.err, HasSubstr("the server says: it loads [MODEL_LOADING]; trying again in 1 s\n"));
  ASSERT_EQ(server_.creations().size(), 2);
  for (const v1::CreateVideoRequest& creation : server_.creations())
    EXPECT_EQ(creation.request().request_id(), kRequestId);
}

TEST_F(GenerateResumeTest, GoesOnWhereTheConnectionBroke) {
  server_.OnCreate(&CreateIt);
  server_.OnWatch(SendEvents({AcceptedEvent()}, grpc::Status(grpc::INTERNAL, "RST_STREAM")));
  absl::Notification downloads_again;  // both streams are back before the video ends
  server_.OnWatch([&](grpc::ServerContext& context, const v1::WatchVideoRequest& request, EventWriter& writer) {
    downloads_again.WaitForNotification();
    return SendEvents({AcceptedEvent(), CompletedEvent("film")})(context, request, writer);
  });
  server_.OnDownload(SendPart("film", 2, grpc::Status(grpc::UNKNOWN, "RST_STREAM")));
  server_.OnDownload([&](grpc::ServerContext& context, const v1::DownloadVideoRequest& request, ChunkWriter& writer) {
    downloads_again.Notify();
    return SendFilm("film", 4)(context, request, writer);
  });
  const ClientResult result = RunHere();
  ExpectSaved(result, "film");
  EXPECT_EQ(result.err,
            "videos/7 accepted: 64x48, 9 frames, seed 42, 25 steps\n"
            "the connection broke (RST_STREAM); trying again in 1 s\n");
  EXPECT_EQ(server_.creations().size(), 1);
  EXPECT_EQ(server_.watches()[1].after_seq(), 1);
}

TEST_F(GenerateResumeTest, KeepsWhatItHasWhenItGivesUp) {
  server_.OnCreate(&CreateIt);
  server_.OnWatch(SendEvents({AcceptedEvent()}, kReset));
  server_.OnDownload(SendPart("film", 2, kReset));
  ExpectKept(Run({"--retry-for", "0"}), 9,
             "error: videos/7: the server is away (connection reset): what became of the video is unknown; ");
}

// The server's certificate is another one since the video was accepted.
TEST_F(GenerateResumeTest, KeepsWhatItHasWhereNoWaitingMendsTheConnection) {
  const grpc::Status untrusted(grpc::UNAVAILABLE,
                               "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Ssl "
                               "handshake failed: SSL_ERROR_SSL: error:0A000086:SSL routines::certificate verify "
                               "failed");
  server_.OnCreate(&CreateIt);
  server_.OnWatch(SendEvents({AcceptedEvent()}, untrusted));
  server_.OnDownload(SendPart("film", 2, untrusted));
  const ClientResult result = RunHere();
  ExpectKept(result, 3, "the server's certificate is signed by none of those in --tls-ca");
  EXPECT_THAT(result.err, Not(HasSubstr("trying again")));
}

TEST_F(GenerateResumeTest, FindsBytesThatHaveChangedMeanwhile) {
  server_.OnCreate(&CreateIt);
  server_.OnWatch(SendEvents({AcceptedEvent(), CompletedEvent("film")}));
  server_.OnDownload(SendPart("fixx", 2, kReset));
  server_.OnDownload(SendPart("film", 3, kReset));
  server_.OnDownload([](grpc::ServerContext&, const v1::DownloadVideoRequest&, ChunkWriter& writer) {
    writer.Write(Chunk(3, "m"));
    writer.Write(LastChunk("firm"));
    return grpc::Status::OK;
  });
  ExpectFailure(RunHere(), 6, "wrong SHA-256");
}

TEST_F(GenerateResumeTest, TellsThatTheVideoIsGoneAfterARestart) {
  server_.OnCreate(&CreateIt);
  server_.OnWatch(SendEvents({AcceptedEvent()}, kReset));
  server_.OnWatch(SendEvents({}, ToGrpc(DetailedStatus(grpc::NOT_FOUND, "there is none", "NOT_FOUND"))));
  server_.OnDownload(&WaitUntilCancelled);
  ExpectFailure(RunHere(), 8, "error: videos/7: there is none [NOT_FOUND]\n");
}

TEST_F(GenerateResumeTest, TellsThatTheFilmHasExpired) {
  server_.OnCreate(&CreateIt);
  server_.OnWatch(SendEvents({AcceptedEvent(), CompletedEvent("film")}));
  server_.OnDownload(FailDownload(ToGrpc(DetailedStatus(grpc::NOT_FOUND, "it is gone", "RESULT_EXPIRED"))));
  ExpectFailure(Run(), 8, "error: videos/7: it is gone [RESULT_EXPIRED]\n");
}

TEST_F(GenerateResumeTest, KeepsWhatItHasWhenTheDiskIsFull) {
  const std::string film(100'000, 'f');
  server_.Make(film, 10'000);
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {.rlim_cur = 65536, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  ClientProcess process(folder_.path(), Arguments({}));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ExpectKept(process.Wait(), 5, "error: videos/7: cannot write");
  ExpectSaved(Resume("download"), film);
  EXPECT_EQ(server_.downloads()[1].read_offset(), 65536);
}

TEST_F(GenerateResumeTest, ResumesOnlyWhatWasBegun) {
  const ClientResult result = Resume("generate");
  ExpectFailure(result, 5, "error: --out: there is nothing to go on with: ");
}

TEST_F(GenerateResumeTest, DoesNotMakeAnewWhatCanBeResumed) {
  server_.OnCreate(&CreateIt);
  server_.OnWatch(SendEvents({}, kReset));
  server_.OnDownload(FailDownload(kReset));
  EXPECT_EQ(Run({"--retry-for", "0"}).exit_code, 9);
  const ClientResult result = Run({"--retry-for", "0"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("is on its way: go on with --resume"));
  EXPECT_EQ(server_.creations().size(), 1);
}

// Kills the client in the midst of the film.
class GenerateKilledTest : public GenerateCommandTest {
 protected:
  void SetUp() override {
    server_.OnCreate(&CreateIt);
    server_.OnWatch(&BeatUntilCancelled);
    server_.OnWatch(SendEvents({AcceptedEvent(), CompletedEvent("film")}));
    server_.OnDownload([](grpc::ServerContext& context, const v1::DownloadVideoRequest& request, ChunkWriter& writer) {
      writer.Write(Chunk(0, "fi"));
      return WaitUntilCancelled(context, request, writer);
    });
    server_.OnDownload(SendFilm("film", 4));
    ClientProcess process(folder_.path(), Arguments({}));
    while (ReadFile(folder_.path() / "film.mp4.part") != "fi" || server_.watches().empty())
      std::this_thread::yield();
    kill(process.pid(), SIGKILL);
    EXPECT_EQ(process.Wait().exit_code, -SIGKILL);
  }

  void ExpectOneVideo() {
    EXPECT_EQ(server_.creations().size(), 1);
    EXPECT_EQ(server_.downloads().back().read_offset(), 2);
    EXPECT_EQ(server_.watches().back().name(), "videos/7");
  }
};

TEST_F(GenerateKilledTest, GenerateGoesOn) {
  ExpectSaved(Resume("generate"), "film");
  ExpectOneVideo();
}

TEST_F(GenerateKilledTest, GenerateGoesOnWithTheSameFlags) {
  ExpectSaved(Run({"--resume"}), "film");
  ExpectOneVideo();
}

// They would change nothing of a video that is made already.
TEST_F(GenerateKilledTest, OtherFlagsOfTheVideoAreRefused) {
  for (const std::vector<std::string>& other : std::vector<std::vector<std::string>>{{"--seed", "5"},
                                                                                     {"--end-image", picture_},
                                                                                     {"--label", "film=7"},
                                                                                     {"--crf", "20"},
                                                                                     {"--request-id", "another"}}) {
    std::vector<std::string> arguments = {"generate", "--resume", "--out", out_};
    arguments.insert(arguments.end(), other.begin(), other.end());
    const ClientResult result = ClientProcess(folder_.path(), arguments).Wait();
    EXPECT_EQ(result.exit_code, 2) << other[0];
    EXPECT_EQ(result.err,
              "error: --resume goes on with videos/7 as it was asked for; other flags of the video would "
              "change nothing: leave them out\n");
  }
  ExpectSaved(Resume("generate"), "film");
  ExpectOneVideo();
}

TEST_F(GenerateKilledTest, DownloadGoesOn) {
  ExpectSaved(Resume("download"), "film");
  ExpectOneVideo();
}

// Kills the client before the server has answered that there is a video.
class GenerateKilledEarlyTest : public GenerateCommandTest {
 protected:
  void SetUp() override {
    server_.OnCreate([this](const v1::CreateVideoRequest&, v1::Video&) {
      done_.Notify();
      answered_.WaitForNotification();
      return grpc::Status::OK;
    });
    server_.Make("film", 4);
    ClientProcess process(folder_.path(), Arguments({}));
    done_.WaitForNotification();
    kill(process.pid(), SIGKILL);
    EXPECT_EQ(process.Wait().exit_code, -SIGKILL);
    answered_.Notify();
  }

  absl::Notification answered_;
};

TEST_F(GenerateKilledEarlyTest, AsksForTheSameVideoAgain) {
  ExpectSaved(Run({"--resume"}), "film");
  ASSERT_EQ(server_.creations().size(), 2);
  EXPECT_EQ(server_.creations()[0].request().request_id(), server_.creations()[1].request().request_id());
}

TEST_F(GenerateKilledEarlyTest, RefusesOtherFlagsThanItWasBegunWith) {
  const ClientResult result = Run({"--resume", "--seed", "5"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("needs the same flags and pictures; those that are given are others\n"));
  EXPECT_EQ(server_.creations().size(), 1);
}

TEST_F(GenerateKilledEarlyTest, NeedsTheFlagsOfTheVideoAgain) {
  ClientResult result = Resume("generate");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("give all flags of the video again, with --resume\n"));
  result = Resume("download");
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("`ruyi-client generate --resume`, with all flags of the video, goes on\n"));
  ExpectSaved(Run({"--resume"}), "film");
}

// Sends `signal` in the midst of the film.
class GenerateSignalTest : public GenerateCommandTest {
 protected:
  ClientResult RunAndSend(int signal, const std::vector<std::string>& more = {}) {
    server_.OnCreate(&CreateIt);
    server_.OnWatch([this](grpc::ServerContext& context, const v1::WatchVideoRequest& request, EventWriter& writer) {
      SendEvents({AcceptedEvent()})(context, request, writer);
      watched_.Notify();
      return BeatUntilCancelled(context, request, writer);
    });
    server_.OnDownload(
        [this](grpc::ServerContext& context, const v1::DownloadVideoRequest& request, ChunkWriter& writer) {
          writer.Write(Chunk(0, "half a film"));
          done_.Notify();
          return WaitUntilCancelled(context, request, writer);
        });
    ClientProcess process(folder_.path(), Arguments(more));
    watched_.WaitForNotification();
    done_.WaitForNotification();
    kill(process.pid(), signal);
    return process.Wait();
  }

  absl::Notification watched_;
};

TEST_F(GenerateSignalTest, CtrlCCancelsTheVideo) {
  ExpectFailure(RunAndSend(SIGINT), 130, "error: videos/7: interrupted: the video is cancelled\n");
  EXPECT_THAT(server_.named(), ElementsAre("cancel videos/7"));
}

TEST_F(GenerateSignalTest, SigtermCancelsTheVideo) {
  ExpectFailure(RunAndSend(SIGTERM), 143, "error: videos/7: interrupted: the video is cancelled\n");
}

TEST_F(GenerateSignalTest, SighupCancelsTheVideo) {
  ExpectFailure(RunAndSend(SIGHUP), 129, "error: videos/7: interrupted: the video is cancelled\n");
}

TEST_F(GenerateSignalTest, CtrlCLeavesADetachedVideo) {
  const ClientResult result = RunAndSend(SIGINT, {"--detach"});
  ExpectKept(result, 130, "error: videos/7: interrupted: the video is left to the server; ");
  EXPECT_EQ(result.out, "videos/7\n");
  EXPECT_THAT(server_.named(), IsEmpty());
}

TEST_F(GenerateSignalTest, CtrlCComesTooLate) {
  v1::Video video;
  video.set_state(v1::VIDEO_STATE_SUCCEEDED);
  server_.Answer(video);
  ExpectKept(RunAndSend(SIGINT), 130, "error: videos/7: interrupted, when the video was finished already; ");
}

TEST_F(GenerateSignalTest, CtrlCCannotCancel) {
  server_.Refuse(kReset);
  ExpectKept(RunAndSend(SIGINT), 130,
             "error: videos/7: interrupted, but it cannot be cancelled: the server is away (connection reset); "
             "`ruyi-client cancel "
             "videos/7` tries again, ");
}

// The job may be there already when its caller no longer wants it.
TEST_F(GenerateResumeTest, CtrlCBeforeTheAnswerCancelsTheVideoToo) {
  pid_t client = 0;
  absl::Notification started;
  server_.OnCreate([&](const v1::CreateVideoRequest& request, v1::Video& video) {
    started.WaitForNotification();
    kill(client, SIGINT);
    return CreateIt(request, video);
  });
  server_.OnWatch(&BeatUntilCancelled);
  server_.OnDownload(&WaitUntilCancelled);
  ClientProcess process(folder_.path(), Arguments({}));
  client = process.pid();
  started.Notify();
  ExpectFailure(process.Wait(), 130, "error: videos/7: interrupted: the video is cancelled\n");
}

TEST_F(GenerateResumeTest, CtrlCEndsTheWaitForAnAnswer) {
  pid_t client = 0;
  absl::Notification started;
  server_.OnCreate([&](const v1::CreateVideoRequest&, v1::Video&) {
    started.WaitForNotification();
    kill(client, SIGINT);
    return ToGrpc(DetailedStatus(grpc::UNAVAILABLE, "it loads", "MODEL_LOADING", {}, 100'000));
  });
  ClientProcess process(folder_.path(), Arguments({}));
  client = process.pid();
  started.Notify();
  ExpectFailure(process.Wait(), 130, "interrupted before the server answered; the same command with --request-id ");
}

}  // namespace
}  // namespace ruyi::client
