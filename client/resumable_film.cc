#include "client/resumable_film.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"

namespace ruyi::client {
namespace {

using Json = nlohmann::ordered_json;

std::string RecordPath(const std::string& out) {
  return PartialPath(out) + ".json";
}

// Returns the path where a note is written before it takes the place of the older one.
std::string FreshPath(const std::string& record_path) {
  return record_path + ".new";
}

std::string TextOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

absl::StatusOr<FilmRecord> ReadRecord(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) {
    return absl::NotFoundError(
        absl::StrFormat("there is nothing to go on with: %s cannot be read; leave out --resume to begin anew", path));
  }
  const Json json = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || (TextOf(json, "video") + TextOf(json, "request_id")).empty()) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s is damaged: it names no video; remove it to begin anew", path));
  }
  const auto seq = json.find("last_seq");
  return FilmRecord{.video = TextOf(json, "video"),
                    .request_id = TextOf(json, "request_id"),
                    .request_sha256 = TextOf(json, "request_sha256"),
                    .server = TextOf(json, "server"),
                    .last_seq = seq != json.end() && seq->is_number_integer() ? seq->get<int64_t>() : 0};
}

// At no time is half a note under the name.
absl::Status WriteRecord(const std::string& path, const FilmRecord& record) {
  const Json json = {{"video", record.video},
                     {"request_id", record.request_id},
                     {"request_sha256", record.request_sha256},
                     {"server", record.server},
                     {"last_seq", record.last_seq}};
  const std::string fresh = FreshPath(path);
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << json.dump() << "\n";
  file.close();
  if (!file.fail() && rename(fresh.c_str(), path.c_str()) == 0)
    return absl::OkStatus();
  const int error = errno == 0 ? EIO : errno;
  unlink(fresh.c_str());
  return absl::ErrnoToStatus(error, absl::StrFormat("cannot write %s", path));
}

// Returns why `out`, which can be resumed, is not begun anew: another process writes it, or its caller must choose.
absl::Status WhyNotAnew(const std::string& out) {
  const absl::StatusOr<std::unique_ptr<PartialFile>> file = PartialFile::Reopen(out);
  if (!file.ok())
    return file.status();
  (*file)->Keep();
  return absl::AlreadyExistsError(
      absl::StrFormat("%s is on its way: go on with --resume, or remove %s to begin anew", out, RecordPath(out)));
}

}  // namespace

bool CanResume(const std::string& out) {
  std::error_code ignored;
  return std::filesystem::exists(RecordPath(out), ignored);
}

absl::StatusOr<std::unique_ptr<ResumableFilm>> ResumableFilm::Begin(const std::string& out, const FilmRecord& record) {
  if (CanResume(out))
    return WhyNotAnew(out);
  absl::StatusOr<std::unique_ptr<PartialFile>> file = PartialFile::Create(out);
  if (!file.ok())
    return file.status();
  std::unique_ptr<ResumableFilm> film(new ResumableFilm(*std::move(file), RecordPath(out), record));
  if (absl::Status status = film->Update(record); !status.ok())
    return status;
  return film;
}

absl::StatusOr<std::unique_ptr<ResumableFilm>> ResumableFilm::Resume(const std::string& out) {
  absl::StatusOr<FilmRecord> record = ReadRecord(RecordPath(out));
  if (!record.ok())
    return record.status();
  absl::StatusOr<std::unique_ptr<PartialFile>> file = PartialFile::Reopen(out);
  if (!file.ok())
    return file.status();
  return std::unique_ptr<ResumableFilm>(new ResumableFilm(*std::move(file), RecordPath(out), *std::move(record)));
}

ResumableFilm::ResumableFilm(std::unique_ptr<PartialFile> file, std::string record_path, FilmRecord record)
    : file_(std::move(file)), record_path_(std::move(record_path)), record_(std::move(record)) {}

ResumableFilm::~ResumableFilm() {
  if (kept_)
    return;
  unlink(record_path_.c_str());
  unlink(FreshPath(record_path_).c_str());  // of a process that was killed while it wrote
}

absl::Status ResumableFilm::Update(const FilmRecord& record) {
  record_ = record;
  return WriteRecord(record_path_, record_);
}

absl::Status ResumableFilm::Commit() {
  absl::Status status = file_->Commit();
  if (!status.ok())
    Keep();
  return status;
}

void ResumableFilm::Keep() {
  kept_ = true;
  file_->Keep();
}

}  // namespace ruyi::client
