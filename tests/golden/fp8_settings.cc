#include "tests/golden/fp8_settings.h"

#include <map>
#include <string>

#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/request/fp8_names.h"

namespace ruyi::golden {
namespace {

template <typename Value>
absl::StatusOr<Value> Find(const std::map<std::string, Value>& values, const std::string& word) {
  const auto found = values.find(word);
  if (found == values.end())
    return absl::FailedPreconditionError(absl::StrFormat("'%s' is no word for an FP8 mode or type", word));
  return found->second;
}

}  // namespace

absl::StatusOr<Fp8Settings> ReadFp8Settings(const nlohmann::json& params) {
  RUYI_ASSIGN_OR_RETURN(const std::string mode, GetString(params, "mode"));
  RUYI_ASSIGN_OR_RETURN(const std::string type, GetString(params, "dtype", "e4m3fn"));
  Fp8Settings settings;
  RUYI_ASSIGN_OR_RETURN(settings.mode, Find(Fp8Modes(), mode));
  RUYI_ASSIGN_OR_RETURN(settings.type, Find(Fp8Types(), type));
  return settings;
}

}  // namespace ruyi::golden
