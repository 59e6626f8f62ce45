#include "client/job_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/client/client_process.h"
#include "tests/client/fake_server.h"
#include "tests/client/fake_waiter.h"
#include "tests/client/scripted_events.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kFilm[] = "0123456789";
const grpc::Status kBroken(grpc::UNAVAILABLE, "connection reset");
const grpc::Status kNoBytesYet = ToGrpc(DetailedStatus(grpc::FAILED_PRECONDITION, "no bytes", "RESULT_NOT_READY"));

// Keeps what it is shown.
class FakeDisplay final : public ProgressDisplay {
 public:
  void OnEvent(const v1::VideoEvent& event) override { seqs.push_back(event.seq()); }
  void OnNotice(const std::string& text) override { notices.push_back(text); }
  void Close() override {}

  std::vector<int64_t> seqs;
  std::vector<std::string> notices;
};

class JobFollowerTest : public testing::Test {
 protected:
  JobEnd Watch(int64_t after_seq = 0) {
    VideoClient client(server_.address());
    return JobFollower(&client, patience_, &waiter_, &source_)
        .Watch({.name = "videos/7", .after_seq = after_seq}, display_);
  }

  JobEnd Fetch(int64_t after_seq = 0) {
    VideoClient client(server_.address());
    return JobFollower(&client, patience_, &waiter_, &source_)
        .Fetch({.name = "videos/7", .after_seq = after_seq}, display_, receiver_);
  }

  void ExpectWhole() {
    EXPECT_TRUE(receiver_.whole()) << receiver_.error();
    EXPECT_EQ(ReadFile(file_->temporary_path()), kFilm);
  }

  const std::vector<v1::VideoEvent> all_ = {AcceptedEvent(), QueuedEvent(0), CompletedEvent(kFilm)};
  TemporaryFolder folder_;
  std::unique_ptr<PartialFile> file_ = *PartialFile::Create(folder_.path() / "film.mp4");
  VideoReceiver receiver_{file_.get()};
  absl::Notification dying_;  // for scripts; outlive the server's threads
  absl::Notification stopped_;
  FakeServer server_;
  FakeWaiter waiter_;
  CancelSource source_;
  FakeDisplay display_;
  Patience patience_ = {.retry_for = absl::Seconds(600)};
};

TEST_F(JobFollowerTest, WatchesToTheEnd) {
  server_.OnWatch(SendEvents(all_));
  const JobEnd end = Watch();
  EXPECT_EQ(end.completed->name(), "videos/7");
  EXPECT_THAT(display_.seqs, ElementsAre(1, 2, 3));
  EXPECT_THAT(display_.notices, IsEmpty());
}

TEST_F(JobFollowerTest, WatchesOnAfterTheLastEvent) {
  server_.OnWatch(SendEvents({AcceptedEvent(), QueuedEvent(0)}, kBroken));
  server_.OnWatch(SendEvents(all_));
  EXPECT_TRUE(Watch().completed.has_value());
  EXPECT_EQ(server_.watches().at(1).after_seq(), 2);
  EXPECT_THAT(display_.seqs, ElementsAre(1, 2, 3));
  EXPECT_THAT(display_.notices, ElementsAre("the server is away (connection reset); trying again in 1 s"));
}

TEST_F(JobFollowerTest, BeginsAfterTheEventThatItIsTold) {
  server_.OnWatch(SendEvents(all_));
  EXPECT_TRUE(Watch(2).completed.has_value());
  EXPECT_THAT(display_.seqs, ElementsAre(3));
}

TEST_F(JobFollowerTest, TakesEveryBrokenEndForUnknown) {
  const grpc::StatusCode codes[] = {grpc::OK, grpc::CANCELLED, grpc::UNKNOWN, grpc::INTERNAL, grpc::UNAVAILABLE};
  for (const grpc::StatusCode code : codes)
    server_.OnWatch(SendEvents({AcceptedEvent()}, grpc::Status(code, "RST_STREAM")));
  server_.OnWatch(SendEvents(all_));
  EXPECT_TRUE(Watch().completed.has_value());
  EXPECT_THAT(server_.watches(), SizeIs(std::size(codes) + 1));
}

TEST_F(JobFollowerTest, ShowsAnEventThatComesTwiceOnce) {
  const auto forgetful = [](grpc::ServerContext&, const v1::WatchVideoRequest&, EventWriter& writer) {
    v1::VideoEvent event = AcceptedEvent();
    event.set_seq(1);
    writer.Write(event);
    return kBroken;
  };
  server_.OnWatch(forgetful);
  server_.OnWatch(forgetful);
  server_.OnWatch(SendEvents(all_));
  EXPECT_TRUE(Watch().completed.has_value());
  EXPECT_THAT(display_.seqs, ElementsAre(1, 2, 3));
}

TEST_F(JobFollowerTest, ShowsEveryHeartbeat) {
  server_.OnWatch(SendEvents({AcceptedEvent(), HeartbeatEvent(), HeartbeatEvent(), CompletedEvent(kFilm)}));
  EXPECT_TRUE(Watch().completed.has_value());
  EXPECT_THAT(display_.seqs, ElementsAre(1, 0, 0, 2));
}

TEST_F(JobFollowerTest, BelievesFailed) {
  server_.OnWatch(SendEvents({AcceptedEvent(), FailedEvent(DetailedStatus(grpc::INTERNAL, "a fault", "GPU_FAULT"))}));
  const JobEnd end = Watch();
  EXPECT_EQ(end.failed->message(), "a fault");
  EXPECT_FALSE(end.completed.has_value());
}

// A server sends the last event of a video that has ended whatever number it is asked to begin after.
TEST_F(JobFollowerTest, EndsWithALastEventThatIsNotNew) {
  server_.OnWatch(SendLast(3, CompletedEvent(kFilm)));
  server_.OnWatch(SendLast(3, FailedEvent(DetailedStatus(grpc::INTERNAL, "a fault", "GPU_FAULT"))));
  EXPECT_EQ(Watch(3).completed->name(), "videos/7");
  EXPECT_EQ(Watch(4).failed->message(), "a fault");
  EXPECT_THAT(display_.seqs, IsEmpty());
}

TEST_F(JobFollowerTest, AsksForTheBytesAgainAfterALastEventThatIsNotNew) {
  absl::Notification asked;
  server_.OnWatch([&](grpc::ServerContext& context, const v1::WatchVideoRequest& request, EventWriter& writer) {
    asked.WaitForNotification();
    return SendLast(3, CompletedEvent(kFilm))(context, request, writer);
  });
  server_.OnDownload([&](grpc::ServerContext&, const v1::DownloadVideoRequest&, ChunkWriter&) {
    asked.Notify();
    return kNoBytesYet;
  });
  server_.OnDownload(SendFilm(kFilm, 4));
  EXPECT_TRUE(Fetch(3).completed.has_value());
  ExpectWhole();
}

TEST_F(JobFollowerTest, DoesNotFindTheVideoAfterARestart) {
  server_.OnWatch(SendEvents({AcceptedEvent()}, kBroken));
  server_.OnWatch(SendEvents({}, ToGrpc(DetailedStatus(grpc::NOT_FOUND, "there is none", "NOT_FOUND"))));
  const JobEnd end = Watch();
  EXPECT_EQ(end.watch.verdict, Verdict::kFinal);
  EXPECT_EQ(end.watch.status.error_code(), grpc::NOT_FOUND);
}

TEST_F(JobFollowerTest, GivesUpAfterItsPatience) {
  server_.OnWatch(SendEvents({}, kBroken));
  EXPECT_EQ(Watch().watch.verdict, Verdict::kGaveUp);
  EXPECT_EQ(waiter_.Now() - absl::UnixEpoch(), absl::Seconds(600));
}

TEST_F(JobFollowerTest, EndsAtTheDeadline) {
  server_.OnWatch(SendEvents({}, kBroken));
  patience_.deadline = waiter_.Now() + absl::Seconds(60);
  EXPECT_EQ(Watch().watch.verdict, Verdict::kTimedOut);
}

TEST_F(JobFollowerTest, FetchesWhileItWatches) {
  server_.OnWatch(SendEvents(all_));
  server_.OnDownload(SendFilm(kFilm, 4));
  EXPECT_TRUE(Fetch().completed.has_value());
  ExpectWhole();
}

// The first answer comes before the event of decoding, the second after it.
TEST_F(JobFollowerTest, AsksForTheBytesAgainOnceTheVideoIsDecoded) {
  absl::Notification asked;
  server_.OnWatch([&](grpc::ServerContext& context, const v1::WatchVideoRequest& request, EventWriter& writer) {
    asked.WaitForNotification();
    return SendEvents({AcceptedEvent(), ProgressEvent(v1::PHASE_DENOISING, 1, 2),
                       ProgressEvent(v1::PHASE_DECODING, 1, 2), CompletedEvent(kFilm)})(context, request, writer);
  });
  server_.OnDownload([&](grpc::ServerContext&, const v1::DownloadVideoRequest&, ChunkWriter&) {
    asked.Notify();
    return kNoBytesYet;
  });
  server_.OnDownload(SendFilm(kFilm, 4));
  EXPECT_TRUE(Fetch().completed.has_value());
  ExpectWhole();
  EXPECT_THAT(server_.downloads(), SizeIs(2));
  EXPECT_EQ(waiter_.Now(), absl::UnixEpoch());  // that there are no bytes yet is no failure to wait for
}

TEST_F(JobFollowerTest, AsksForBytesThatNeverComeUntilTheLastEvent) {
  server_.OnWatch(SendEvents(all_));
  server_.OnDownload(FailDownload(kNoBytesYet));
  const JobEnd end = Fetch();
  EXPECT_TRUE(end.completed.has_value());
  EXPECT_EQ(end.download.verdict, Verdict::kFinal);
  EXPECT_EQ(end.download.status.error_code(), grpc::FAILED_PRECONDITION);
}

TEST_F(JobFollowerTest, FetchesOnFromTheBytesThatItHas) {
  server_.OnWatch(SendEvents(all_));
  server_.OnDownload(SendPart(kFilm, 3, kBroken));
  server_.OnDownload(SendPart(kFilm, 7, grpc::Status(grpc::INTERNAL, "RST_STREAM")));
  server_.OnDownload(SendFilm(kFilm, 4));
  EXPECT_TRUE(Fetch().completed.has_value());
  ExpectWhole();
  ASSERT_THAT(server_.downloads(), SizeIs(3));
  EXPECT_EQ(server_.downloads()[1].read_offset(), 3);
  EXPECT_EQ(server_.downloads()[2].read_offset(), 7);
}

TEST_F(JobFollowerTest, SurvivesARestartOfTheServer) {
  const auto die = [this](grpc::ServerContext& context, const v1::WatchVideoRequest&, EventWriter& writer) {
    v1::VideoEvent event = AcceptedEvent();
    event.set_seq(1);
    writer.Write(event);
    dying_.Notify();
    while (!context.IsCancelled())
      std::this_thread::yield();
    return grpc::Status::CANCELLED;
  };
  server_.OnWatch(die);
  server_.OnWatch(SendEvents(all_));
  server_.OnDownload(&WaitUntilCancelled);
  server_.OnDownload(SendFilm(kFilm, 4));
  bool restarted = false;
  waiter_.MeanwhileDo([&] {
    if (restarted)
      return;
    stopped_.WaitForNotification();
    server_.Start();
    restarted = true;
  });
  std::thread killer([this] {
    dying_.WaitForNotification();
    server_.Stop();
    stopped_.Notify();
  });
  EXPECT_TRUE(Fetch().completed.has_value());
  killer.join();
  ExpectWhole();
  EXPECT_THAT(display_.seqs, ElementsAre(1, 2, 3));
}

TEST_F(JobFollowerTest, TellsThatTheFilmHasExpired) {
  server_.OnWatch(SendEvents(all_));
  server_.OnDownload(FailDownload(ToGrpc(DetailedStatus(grpc::NOT_FOUND, "it is gone", "RESULT_EXPIRED"))));
  const JobEnd end = Fetch();
  EXPECT_TRUE(end.completed.has_value());
  EXPECT_EQ(end.download.verdict, Verdict::kFinal);
  EXPECT_EQ(end.download.status.error_code(), grpc::NOT_FOUND);
}

TEST_F(JobFollowerTest, StopsTheDownloadOfAVideoThatFailed) {
  server_.OnWatch(SendEvents({FailedEvent(DetailedStatus(grpc::INTERNAL, "a fault", "GPU_FAULT"))}));
  server_.OnDownload(&WaitUntilCancelled);
  EXPECT_TRUE(Fetch().failed.has_value());
}

TEST_F(JobFollowerTest, WaitsForFailedWhenTheDownloadHearsOfItFirst) {
  absl::Notification downloaded;
  server_.OnWatch([&](grpc::ServerContext& context, const v1::WatchVideoRequest& request, EventWriter& writer) {
    downloaded.WaitForNotification();
    return SendEvents({FailedEvent(DetailedStatus(grpc::INTERNAL, "a fault", "GPU_FAULT"))})(context, request, writer);
  });
  server_.OnDownload([&](grpc::ServerContext&, const v1::DownloadVideoRequest&, ChunkWriter&) {
    downloaded.Notify();
    return kNoBytesYet;
  });
  EXPECT_EQ(Fetch().failed->message(), "a fault");
}

TEST_F(JobFollowerTest, StopsWatchingWhenTheBytesAreWrong) {
  server_.OnWatch(&BeatUntilCancelled);
  server_.OnDownload([](grpc::ServerContext&, const v1::DownloadVideoRequest&, ChunkWriter& writer) {
    writer.Write(Chunk(0, kFilm));
    writer.Write(LastChunk("9876543210"));
    return grpc::Status::OK;
  });
  EXPECT_FALSE(Fetch().completed.has_value());
  EXPECT_TRUE(absl::IsDataLoss(receiver_.error()));
}

TEST_F(JobFollowerTest, StopsWatchingWhenTheDownloadIsGivenUp) {
  server_.OnWatch(&BeatUntilCancelled);
  server_.OnDownload(FailDownload(kBroken));
  EXPECT_EQ(Fetch().download.verdict, Verdict::kGaveUp);
  EXPECT_THAT(display_.notices, IsEmpty());
}

TEST_F(JobFollowerTest, GivesTheDownloadUpAfterTheVideoIsCompleted) {
  server_.OnWatch(SendEvents(all_));
  server_.OnDownload(FailDownload(kBroken));
  const JobEnd end = Fetch();
  EXPECT_TRUE(end.completed.has_value());
  EXPECT_EQ(end.download.verdict, Verdict::kGaveUp);
  EXPECT_EQ(waiter_.Now() - absl::UnixEpoch(), absl::Seconds(600));
}

TEST_F(JobFollowerTest, EndsBothWhenItIsCancelled) {
  server_.OnWatch(&BeatUntilCancelled);
  server_.OnDownload(
      [this](grpc::ServerContext& context, const v1::DownloadVideoRequest& request, ChunkWriter& writer) {
        source_.Cancel();
        return WaitUntilCancelled(context, request, writer);
      });
  const JobEnd end = Fetch();
  EXPECT_EQ(end.watch.verdict, Verdict::kCancelled);
  EXPECT_EQ(end.download.verdict, Verdict::kCancelled);
}

}  // namespace
}  // namespace ruyi::client
