// An MP4 file that is being downloaded, and beside it the note that lets another process go on with it: film.mp4.part
// and film.mp4.part.json. Before it: generate, download. After it: PartialFile. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/partial_file.h"

namespace ruyi::client {

// Holds what is known of the video whose film is downloaded.
struct FilmRecord {
  std::string video;           // its name; empty: the server has not answered yet
  std::string request_id;      // of the call that made the job; empty: another process made it
  std::string request_sha256;  // of that call's request but for its id; empty: another process made it
  std::string server;          // HOST:PORT
  int64_t last_seq = 0;        // of the last event that was seen
};

class ResumableFilm {
 public:
  // Begins the film `out` anew. ALREADY_EXISTS: another process writes it, or there is a partial film that can be
  // resumed. Other errors: those of PartialFile::Create.
  static absl::StatusOr<std::unique_ptr<ResumableFilm>> Begin(const std::string& out, const FilmRecord& record);

  // Goes on with the files that another process left. NOT_FOUND: there is no note. FAILED_PRECONDITION: the note cannot
  // be read.
  static absl::StatusOr<std::unique_ptr<ResumableFilm>> Resume(const std::string& out);

  // Removes both files unless the film was committed or kept.
  ~ResumableFilm();
  ResumableFilm(const ResumableFilm&) = delete;
  ResumableFilm& operator=(const ResumableFilm&) = delete;

  PartialFile& file() { return *file_; }
  const FilmRecord& record() const { return record_; }
  const std::string& record_path() const { return record_path_; }

  // Writes the note anew.
  absl::Status Update(const FilmRecord& record);

  // Gives the film, which is whole now, its name, and removes the note.
  absl::Status Commit();

  // Leaves both files for Resume.
  void Keep();
  bool kept() const { return kept_; }

 private:
  ResumableFilm(std::unique_ptr<PartialFile> file, std::string record_path, FilmRecord record);

  std::unique_ptr<PartialFile> file_;
  std::string record_path_;
  FilmRecord record_;
  bool kept_ = false;
};

// Returns true when `out` has a note.
bool CanResume(const std::string& out);

}  // namespace ruyi::client
