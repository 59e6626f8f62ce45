#include "core/job/job_json.h"

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/job/job_fields.h"
#include "core/json/json_file.h"
#include "core/plan/branches.h"

namespace ruyi {
namespace {

using nlohmann::json;

constexpr const char* kFormatKey = "format";

// A value that is an object of its own, beside the format.
template <typename T>
struct Document {
  int format = kJobJsonFormat;
  T value;
};

template <typename Fields, typename T>
void Describe(Fields& fields, Document<T>& document) {
  fields(kFormatKey, document.format);
  fields("value", document.value);
}
template <typename Fields, typename T>
void Describe(Fields& fields, const Document<T>& document) {
  fields(kFormatKey, document.format);
  fields("value", document.value);
}

// Text of callers may hold bytes that are no UTF-8; they are replaced.
std::string TextOf(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <typename T>
std::string ToText(const T& value) {
  return TextOf(JsonWriter::Write(Document<T>{.value = value}));
}

absl::Status CheckFormat(const json& object) {
  int format = 0;
  if (!HasValue(object, kFormatKey) || !ReadJson(object[kFormatKey], format))
    return absl::DataLossError("'format' is missing or not a whole number");
  if (format > kJobJsonFormat) {
    return absl::DataLossError(
        absl::StrFormat("'format' is %d, and this server knows %d: a newer one wrote it", format, kJobJsonFormat));
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status FromText(std::string_view text, T& value) {
  RUYI_ASSIGN_OR_RETURN(const json object, ParseJson(text, "stored job"));
  RUYI_RETURN_IF_ERROR(CheckFormat(object));
  Document<T> document;
  RUYI_RETURN_IF_ERROR(JsonReader::Read(object, document));
  value = std::move(document.value);
  return absl::OkStatus();
}

template <typename T>
absl::StatusOr<T> FromText(std::string_view text) {
  T value;
  RUYI_RETURN_IF_ERROR(FromText(text, value));
  return value;
}

}  // namespace

std::string SpecToJson(const VideoSpec& spec) {
  return ToText(spec);
}

std::string PlacementToJson(const Placement& placement) {
  return ToText(placement);
}

std::string EventToJson(const JobEvent& event) {
  return ToText(event);
}

std::string RecordToJson(const JobRecord& record) {
  return ToText(record);
}

std::string StatusToJson(const absl::Status& status) {
  return ToText(status);
}

absl::StatusOr<VideoSpec> SpecFromJson(std::string_view text) {
  return FromText<VideoSpec>(text);
}

absl::StatusOr<Placement> PlacementFromJson(std::string_view text) {
  return FromText<Placement>(text);
}

absl::StatusOr<JobEvent> EventFromJson(std::string_view text) {
  return FromText<JobEvent>(text);
}

absl::StatusOr<JobRecord> RecordFromJson(std::string_view text) {
  return FromText<JobRecord>(text);
}

absl::Status StatusFromJson(std::string_view text, absl::Status& status) {
  return FromText(text, status);
}

std::string CanonicalJson(const VideoSpec& spec) {
  json object = JsonWriter::Write(spec);
  for (const char* key : {"memory", "preview", "execution_timeout", "lora_bytes"})
    object.erase(key);
  for (const char* key : {"start_pictures", "end_pictures"}) {
    for (json& picture : object[key])
      picture.erase("source_sha256");
  }
  if (object.contains("tea_cache"))
    object["tea_cache"].erase("offload");
  if (spec.fp8.mode == Fp8Mode::kNone) {
    for (const char* key : {"type", "arithmetic"})
      object["fp8"].erase(key);
  }
  if (!IsGuided(spec))
    object.erase("guidance_gate");
  return TextOf(object);
}

}  // namespace ruyi
