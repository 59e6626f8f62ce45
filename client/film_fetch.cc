#include "client/film_fetch.h"

#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "client/contact_sheet.h"
#include "client/display_choice.h"
#include "client/event_text.h"
#include "client/status_text.h"
#include "core/base/duration_text.h"

namespace ruyi::client {
namespace {

constexpr absl::Duration kCancelTimeout = absl::Seconds(10);

// Shows each event, and notes in the film's record how far the watching has come. The end is not noted: who goes on
// after it must see it again.
class NotingDisplay final : public ProgressDisplay {
 public:
  NotingDisplay(ProgressDisplay* display, ResumableFilm* film) : display_(display), film_(film) {}

  void OnEvent(const v1::VideoEvent& event) override {
    display_->OnEvent(event);
    if (event.seq() == 0 || event.has_completed() || event.has_failed())
      return;
    FilmRecord record = film_->record();
    record.last_seq = event.seq();
    film_->Update(record).IgnoreError();  // an older note only makes more events come again
  }

  void OnNotice(const std::string& text) override { display_->OnNotice(text); }
  void Close() override { display_->Close(); }

 private:
  ProgressDisplay* display_;
  ResumableFilm* film_;
};

absl::Status WriteSheet(PartialFile& sheet, const std::string& video_path) {
  absl::StatusOr<std::string> png = MakeContactSheet(video_path);
  if (!png.ok())
    return png.status();
  if (absl::Status status = sheet.Write(*png); !status.ok())
    return status;
  return sheet.Commit();
}

// Returns true when the film cannot come later either.
bool IsLost(grpc::StatusCode code) {
  return code == grpc::StatusCode::NOT_FOUND || code == grpc::StatusCode::FAILED_PRECONDITION ||
         code == grpc::StatusCode::OUT_OF_RANGE || code == grpc::StatusCode::INVALID_ARGUMENT ||
         code == grpc::StatusCode::DATA_LOSS;
}

class FilmFetch {
 public:
  FilmFetch(VideoClient* client, ResumableFilm* film, const FetchTerms& terms, const CommandContext& context)
      : client_(client),
        film_(film),
        terms_(terms),
        context_(context),
        name_(film->record().video),
        receiver_(&film->file()) {}

  ExitCode Run() {
    if (absl::Status status = receiver_.TakeExisting(); !status.ok())
      return FailLocally(status);
    Follow();
    if (!receiver_.error().ok())
      return FailBytes();
    if (end_.completed.has_value() && receiver_.whole())
      return Save();
    if (context_.interrupt->signal() != 0)
      return Leave(ExitCodeOfSignal(context_.interrupt->signal()), "interrupted");
    return end_.failed.has_value() ? FailJob() : FailStream();
  }

 private:
  void Follow() {
    const std::unique_ptr<ProgressDisplay> display = MakeDisplay(terms_.json);
    NotingDisplay noting(display.get(), film_);
    JobFollower follower(client_, terms_.patience, context_.waiter, context_.interrupt->cancel_source());
    end_ = follower.Fetch({.name = name_, .after_seq = film_->record().last_seq}, noting, receiver_);
    noting.Close();
  }

  std::string HowToGoOn() const {
    return absl::StrFormat("`ruyi-client download --resume --out %s` goes on", film_->file().final_path());
  }

  ExitCode FailAbout(ExitCode code, const std::string& message) const {
    return Fail(code, absl::StrFormat("%s: %s", name_, message));
  }

  ExitCode FailBytes() {
    const std::string message(receiver_.error().message());
    if (absl::IsDataLoss(receiver_.error())) {
      return FailAbout(
          ExitCode::kDamaged,
          absl::StrFormat("%s; the bytes are thrown away: `ruyi-client download %s --out %s` gets them anew", message,
                          name_, film_->file().final_path()));
    }
    film_->Keep();
    return FailAbout(ExitCode::kLocalFile, absl::StrFormat("%s; once it can be written, %s", message, HowToGoOn()));
  }

  ExitCode Save() {
    if (absl::Status status = film_->Commit(); !status.ok())
      return FailAbout(ExitCode::kLocalFile, std::string(status.message()));
    const std::string& path = film_->file().final_path();
    if (!terms_.json)
      std::cout << SummaryText(path, *end_.completed) << std::endl;
    if (terms_.sheet == nullptr)
      return ExitCode::kDone;
    absl::Status status = WriteSheet(*terms_.sheet, path);
    if (status.ok())
      return ExitCode::kDone;
    return Fail(ExitCode::kLocalFile,
                absl::StrFormat("the video is saved, but not --sheet: %s", std::string(status.message())));
  }

  // Ends before the video does; `why` begins the sentence.
  ExitCode Leave(ExitCode code, const std::string& why) {
    if (!terms_.cancels) {
      film_->Keep();
      return FailAbout(code, absl::StrFormat("%s: the video is left to the server; %s", why, HowToGoOn()));
    }
    v1::Video video;
    const grpc::Status status = client_->Cancel(name_, {.timeout = kCancelTimeout}, &video);
    if (!status.ok()) {
      film_->Keep();
      return FailAbout(
          code, absl::StrFormat("%s, but it cannot be cancelled: %s; `ruyi-client cancel %s` tries again, %s", why,
                                FailureText(status), name_, HowToGoOn()));
    }
    if (video.state() != v1::VIDEO_STATE_SUCCEEDED)
      return FailAbout(code, why + ": the video is cancelled");
    film_->Keep();
    return FailAbout(code, absl::StrFormat("%s, when the video was finished already; %s", why, HowToGoOn()));
  }

  ExitCode FailJob() const {
    std::cerr << ErrorText(*end_.failed, terms_.flags, name_) << std::flush;
    const ExitCode code = ExitCodeOfStatus(static_cast<grpc::StatusCode>(end_.failed->code()));
    return code == ExitCode::kDone ? ExitCode::kFailed : code;
  }

  // The last event, or bytes, did not come.
  ExitCode FailStream() {
    const bool is_download = end_.completed.has_value() || end_.download.verdict == Verdict::kGaveUp;
    const CallEnd& broken = is_download ? end_.download : end_.watch;
    if (broken.verdict == Verdict::kTimedOut)
      return Leave(ExitCode::kDeadline, absl::StrFormat("not done within the %s of --timeout",
                                                        DurationText(absl::Seconds(*terms_.timeout_s))));
    if (broken.verdict != Verdict::kFinal)
      return GiveUp(broken.status);
    std::cerr << CallErrorText(broken.status, context_.server, terms_.flags, name_);
    if (!IsLost(broken.status.error_code())) {
      film_->Keep();
      std::cerr << "  " << HowToGoOn() << "\n";
    }
    std::cerr << std::flush;
    return ExitCodeOfCall(broken.status);
  }

  ExitCode GiveUp(const grpc::Status& status) {
    film_->Keep();
    return FailAbout(ExitCode::kGaveUp,
                     absl::StrFormat("%s: what became of the video is unknown; %s", FailureText(status), HowToGoOn()));
  }

  VideoClient* client_;
  ResumableFilm* film_;
  const FetchTerms& terms_;
  const CommandContext& context_;
  std::string name_;
  VideoReceiver receiver_;
  JobEnd end_;
};

}  // namespace

ExitCode FetchFilm(VideoClient& client, ResumableFilm& film, const FetchTerms& terms, const CommandContext& context) {
  return FilmFetch(&client, &film, terms, context).Run();
}

}  // namespace ruyi::client
