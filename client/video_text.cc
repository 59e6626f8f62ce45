#include "client/video_text.h"

#include <google/protobuf/util/time_util.h>

#include <map>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "client/acceleration_text.h"
#include "client/choices.h"
#include "client/event_text.h"
#include "client/seconds.h"
#include "client/status_text.h"
#include "client/text_table.h"

namespace ruyi::client {
namespace {

// Returns a time such as "2024-05-01 12:34:56"; empty when it is not known.
std::string TimeText(bool known, const google::protobuf::Timestamp& time) {
  if (!known)
    return "";
  const absl::Time moment = absl::FromUnixSeconds(google::protobuf::util::TimeUtil::TimestampToSeconds(time));
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", moment, absl::UTCTimeZone());
}

std::string SizeText(const v1::Size& size) {
  return absl::StrFormat("%dx%d", size.width(), size.height());
}

std::string LabelsText(const v1::Video& video) {
  const std::map<std::string, std::string> ordered(video.labels().begin(), video.labels().end());
  return absl::StrJoin(ordered, ", ", absl::PairFormatter("="));
}

std::string ProgressText(const v1::VideoProgress& progress) {
  return absl::StrFormat("%s %d/%d", PhaseText(progress.phase()), progress.step(), progress.total());
}

TableRow RowOf(const v1::Video& video) {
  return {video.name(),
          NameOfState(video.state()),
          CreatedText(video),
          SizeText(video.settings().size()),
          absl::StrCat(video.settings().frame_count()),
          WorkText(video),
          LabelsText(video)};
}

// Collects "name  value" lines, without those that have no value.
class Lines {
 public:
  void Add(std::string_view name, const std::string& value) {
    if (!value.empty())
      absl::StrAppendFormat(&text_, "%-12s%s\n", name, value);
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string StepsText(const v1::VideoSettings& settings) {
  return absl::StrFormat("%s, %d steps, %s, guidance %g", SettingsText(settings), settings.steps(),
                         NameOfSampler(settings.sampler()), settings.guidance_scale());
}

std::string ResultText(const v1::VideoResult& result) {
  return absl::StrFormat("%d bytes, %d frames, %s", result.size_bytes(), result.frame_count(),
                         DurationTextOf(result.duration()));
}

}  // namespace

std::string WorkText(const v1::Video& video) {
  if (video.has_result())
    return absl::StrFormat("%d bytes", video.result().size_bytes());
  if (video.has_error())
    return "error" + ReasonText(video.error());
  return video.has_progress() ? ProgressText(video.progress()) : "";
}

std::string CreatedText(const v1::Video& video) {
  return TimeText(video.has_create_time(), video.create_time());
}

std::string VideoTable(const std::vector<v1::Video>& videos) {
  std::vector<TableRow> rows = {{"NAME", "STATE", "CREATED (UTC)", "SIZE", "FRAMES", "WORK", "LABELS"}};
  for (const v1::Video& video : videos)
    rows.push_back(RowOf(video));
  return TableText(rows);
}

std::string VideoText(const v1::Video& video) {
  Lines lines;
  lines.Add("name", video.name());
  lines.Add("state", video.state() == v1::VIDEO_STATE_UNSPECIFIED ? "" : NameOfState(video.state()));
  lines.Add("created", CreatedText(video));
  lines.Add("started", TimeText(video.has_start_time(), video.start_time()));
  lines.Add("ended", TimeText(video.has_end_time(), video.end_time()));
  lines.Add("expires", TimeText(video.has_expire_time(), video.expire_time()));
  lines.Add("settings", StepsText(video.settings()));
  lines.Add("options", AccelerationText(video.settings().acceleration()));
  if (video.has_plan()) {
    lines.Add("plan", PlanText(video.plan()));
    lines.Add("because", video.plan().reason());
  }
  lines.Add("progress", video.has_progress() ? ProgressText(video.progress()) : "");
  if (video.has_result()) {
    lines.Add("film", ResultText(video.result()));
    lines.Add("sha256", absl::BytesToHexString(video.result().sha256()));
    lines.Add("reused from", video.result().reused_from());
  }
  if (video.has_error())
    lines.Add("error", video.error().message() + ReasonText(video.error()));
  lines.Add("priority", video.priority() == v1::PRIORITY_UNSPECIFIED ? "" : NameOfPriority(video.priority()));
  lines.Add("labels", LabelsText(video));
  lines.Add("request", video.request_id());
  return lines.text();
}

}  // namespace ruyi::client
