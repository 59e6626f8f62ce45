#include "core/plan/calibration_file.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"

namespace ruyi {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<const char*, PassCurves Calibration::*>, 5> kPasses = {{
    {"step", &Calibration::step},
    {"encode", &Calibration::encode},
    {"decode", &Calibration::decode},
    {"slab_encode", &Calibration::slab_encode},
    {"slab_decode", &Calibration::slab_decode},
}};

constexpr std::array<std::pair<const char*, Curve PassCurves::*>, 2> kCurves = {{
    {"_bytes", &PassCurves::bytes},
    {"_seconds", &PassCurves::seconds},
}};

constexpr std::array<std::pair<const char*, double Calibration::*>, 6> kNumbers = {{
    {"clip_bytes", &Calibration::clip_bytes},
    {"clip_seconds", &Calibration::clip_seconds},
    {"upload_bytes_per_second", &Calibration::upload_bytes_per_second},
    {"place_bytes_per_second", &Calibration::place_bytes_per_second},
    {"fill_bytes_per_second", &Calibration::fill_bytes_per_second},
    {"pin_bytes_per_second", &Calibration::pin_bytes_per_second},
}};

constexpr std::array<std::pair<const char*, double Curve::*>, 3> kCoefficients = {{
    {"constant", &Curve::constant},
    {"linear", &Curve::linear},
    {"quadratic", &Curve::quadratic},
}};

constexpr char kTimeRatios[] = "time_ratios";

// Each member of `members` out of `object`, by its name.
template <typename T, size_t size>
absl::Status ReadNumbers(const json& object, const std::array<std::pair<const char*, double T::*>, size>& members,
                         T& value) {
  for (const auto& [name, member] : members) {
    RUYI_ASSIGN_OR_RETURN(value.*member, GetDouble(object, name));
  }
  return absl::OkStatus();
}

absl::StatusOr<Calibration> FromJson(const json& object) {
  Calibration calibration;
  RUYI_RETURN_IF_ERROR(ReadNumbers(object, kNumbers, calibration));
  for (const auto& [pass, curves] : kPasses) {
    for (const auto& [ending, curve] : kCurves) {
      const std::string name = absl::StrCat(pass, ending);
      if (!HasValue(object, name) || !object.find(name)->is_object())
        return absl::FailedPreconditionError(absl::StrFormat("'%s' is missing", name));
      RUYI_RETURN_IF_ERROR(ReadNumbers(*object.find(name), kCoefficients, calibration.*curves.*curve));
    }
  }
  return calibration;
}

json ToJson(const Calibration& calibration) {
  json object;
  for (const auto& [name, member] : kNumbers)
    object[name] = calibration.*member;
  for (const auto& [pass, curves] : kPasses) {
    for (const auto& [ending, curve] : kCurves) {
      for (const auto& [coefficient, member] : kCoefficients)
        object[absl::StrCat(pass, ending)][coefficient] = calibration.*curves.*curve.*member;
    }
  }
  return object;
}

// Returns what the whole file holds, which is something under `key`.
absl::StatusOr<json> ReadAll(const std::filesystem::path& path, const std::string& key) {
  RUYI_ASSIGN_OR_RETURN(json all, ReadJsonFile(path));
  if (!HasValue(all, key))
    return absl::NotFoundError(absl::StrFormat("%s holds nothing for %s", path.string(), key));
  return all;
}

}  // namespace

absl::StatusOr<Calibration> ReadCalibration(const std::filesystem::path& path, const std::string& key) {
  RUYI_ASSIGN_OR_RETURN(const json all, ReadAll(path, key));
  return FromJson(*all.find(key));
}

absl::Status WriteCalibration(const std::filesystem::path& path, const std::string& key,
                              const Calibration& calibration) {
  absl::StatusOr<json> all = ReadJsonFile(path);
  json object = all.ok() ? *std::move(all) : json::object();
  object[key] = ToJson(calibration);
  return WriteJsonFile(path, object);
}

Calibration KeepCalibration(const std::filesystem::path& path, const std::string& key, const Calibration& measured) {
  const absl::StatusOr<Calibration> kept = ReadCalibration(path, key);
  if (!kept.ok() && !path.empty())
    WriteCalibration(path, key, measured).IgnoreError();  // measured again at the next start
  return kept.value_or(measured);
}

absl::StatusOr<std::vector<double>> ReadTimeRatios(const std::filesystem::path& path, const std::string& key) {
  RUYI_ASSIGN_OR_RETURN(const json all, ReadAll(path, key));
  return GetDoubleList(*all.find(key), kTimeRatios, std::vector<double>());
}

absl::Status WriteTimeRatios(const std::filesystem::path& path, const std::string& key, const Calibration& calibration,
                             const std::vector<double>& ratios) {
  RUYI_ASSIGN_OR_RETURN(json all, ReadAll(path, key));
  RUYI_ASSIGN_OR_RETURN(const Calibration kept, FromJson(all[key]));
  if (kept != calibration)
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s holds another calibration for %s than the one that these videos were predicted with", path.string(), key));
  all[key][kTimeRatios] = ratios;
  return WriteJsonFile(path, all);
}

}  // namespace ruyi
