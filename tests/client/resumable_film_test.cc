#include "client/resumable_film.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/client_process.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const FilmRecord kRecord = {.video = "videos/7",
                            .request_id = "an id",
                            .request_sha256 = "ab",
                            .server = "127.0.0.1:1",
                            .last_seq = 1'000'000'000'000};

class ResumableFilmTest : public testing::Test {
 protected:
  std::string ResumeError(const std::string& note) {
    folder_.Write("film.mp4.part.json", note);
    return std::string(ResumableFilm::Resume(out_).status().message());
  }

  TemporaryFolder folder_;
  std::string out_ = folder_.path() / "film.mp4";
};

TEST_F(ResumableFilmTest, LiesBesideItsNote) {
  const auto film = ResumableFilm::Begin(out_, kRecord);
  ASSERT_TRUE(film.ok()) << film.status();
  EXPECT_THAT(PartFiles(folder_.path()), UnorderedElementsAre("film.mp4.part", "film.mp4.part.json"));
  EXPECT_EQ(
      ReadFile(folder_.path() / "film.mp4.part.json"),
      R"({"video":"videos/7","request_id":"an id","request_sha256":"ab","server":"127.0.0.1:1","last_seq":1000000000000})"
      "\n");
}

TEST_F(ResumableFilmTest, LeavesNothingButTheFilm) {
  const auto film = ResumableFilm::Begin(out_, kRecord);
  ASSERT_TRUE((*film)->file().Write("whole").ok());
  ASSERT_TRUE((*film)->Commit().ok());
  EXPECT_EQ(ReadFile(out_), "whole");
}

TEST_F(ResumableFilmTest, RemovesItsNoteWithTheFilm) {
  {
    const auto film = ResumableFilm::Begin(out_, kRecord);
    ASSERT_TRUE((*film)->Commit().ok());
  }
  EXPECT_THAT(PartFiles(folder_.path()), IsEmpty());
}

TEST_F(ResumableFilmTest, LeavesNothingWhenItIsNotKept) {
  EXPECT_TRUE(ResumableFilm::Begin(out_, kRecord).ok());
  EXPECT_THAT(PartFiles(folder_.path()), IsEmpty());
}

TEST_F(ResumableFilmTest, GoesOnWithWhatWasKept) {
  {
    const auto film = ResumableFilm::Begin(out_, {.request_id = "an id"});
    ASSERT_TRUE((*film)->Update(kRecord).ok());
    ASSERT_TRUE((*film)->file().Write("half").ok());
    (*film)->Keep();
  }
  EXPECT_TRUE(CanResume(out_));
  const auto film = ResumableFilm::Resume(out_);
  ASSERT_TRUE(film.ok()) << film.status();
  EXPECT_EQ((*film)->record().video, "videos/7");
  EXPECT_EQ((*film)->record().request_id, "an id");
  EXPECT_EQ((*film)->record().server, "127.0.0.1:1");
  EXPECT_EQ((*film)->record().last_seq, 1'000'000'000'000);
  EXPECT_EQ((*film)->record().request_sha256, "ab");
  EXPECT_EQ(ReadFile(folder_.path() / "film.mp4.part"), "half");
}

TEST_F(ResumableFilmTest, DoesNotBeginAnewWhatCanBeResumed) {
  {
    const auto film = ResumableFilm::Begin(out_, kRecord);
    ASSERT_TRUE((*film)->file().Write("half").ok());
    (*film)->Keep();
  }
  const absl::Status status = ResumableFilm::Begin(out_, kRecord).status();
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("go on with --resume, or remove " + out_ + ".part.json"));
  EXPECT_EQ(ReadFile(out_ + ".part"), "half");
}

TEST_F(ResumableFilmTest, SaysThatAnotherProcessWritesIt) {
  const auto film = ResumableFilm::Begin(out_, kRecord);
  const absl::Status status = ResumableFilm::Begin(out_, kRecord).status();
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_EQ(std::string(status.message()), "another process writes " + out_ + ".part; take another name");
  EXPECT_TRUE(CanResume(out_));
}

TEST_F(ResumableFilmTest, IsResumedByOneAtATime) {
  const auto film = ResumableFilm::Begin(out_, kRecord);
  EXPECT_TRUE(absl::IsAlreadyExists(ResumableFilm::Resume(out_).status()));
  EXPECT_TRUE(CanResume(out_));
}

TEST_F(ResumableFilmTest, SaysThatThereIsNothingToResume) {
  EXPECT_FALSE(CanResume(out_));
  const absl::Status status = ResumableFilm::Resume(out_).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("there is nothing to go on with"));
}

TEST_F(ResumableFilmTest, RefusesADamagedNote) {
  for (const char* note : {"", "{", "[]", "{}", R"({"video": 7})", R"({"server": "x"})"})
    EXPECT_THAT(ResumeError(note), HasSubstr("names no video")) << note;
}

TEST_F(ResumableFilmTest, WatchesFromTheBeginningWithoutANumber) {
  folder_.Write("film.mp4.part.json", R"({"video": "videos/7", "last_seq": "many"})");
  EXPECT_EQ((*ResumableFilm::Resume(out_))->record().last_seq, 0);
}

TEST_F(ResumableFilmTest, SaysThatItCannotWriteItsNote) {
  std::filesystem::create_directory(out_ + ".part.json.new");
  EXPECT_THAT(std::string(ResumableFilm::Begin(out_, kRecord).status().message()), HasSubstr("cannot write"));
  EXPECT_FALSE(std::filesystem::exists(out_ + ".part"));
}

}  // namespace
}  // namespace ruyi::client
