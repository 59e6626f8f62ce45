#include "core/s3/s3_location.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"

namespace ruyi {
namespace {

constexpr absl::string_view kScheme = "s3://";
constexpr char kDefaultRegion[] = "us-east-1";

absl::Status Wrong(const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrCat(why, "; expected s3://BUCKET[/PREFIX][?endpoint=http(s)://HOST[:PORT]][&region=NAME]"));
}

bool IsBucketCharacter(char letter) {
  return absl::ascii_islower(static_cast<unsigned char>(letter)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(letter)) || letter == '-' || letter == '.';
}

absl::Status CheckBucket(const std::string& bucket) {
  constexpr size_t kLeast = 3;
  constexpr size_t kMost = 63;
  if (bucket.size() < kLeast || bucket.size() > kMost || !std::all_of(bucket.begin(), bucket.end(), IsBucketCharacter))
    return Wrong(absl::StrFormat("'%s' is no name of a bucket, of 3 to 63 of a-z, 0-9, '-' and '.'", bucket));
  return absl::OkStatus();
}

// HTTP clients take "." and ".." out of paths, and then the signature does not fit.
absl::StatusOr<std::string> PrefixOf(absl::string_view path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  std::string prefix;
  for (const std::string& part : parts) {
    if (part == "." || part == "..")
      return Wrong(absl::StrCat("the prefix has the part '", part, "'"));
    absl::StrAppend(&prefix, part, "/");
  }
  return prefix;
}

using Settings = std::map<std::string, std::string>;

absl::StatusOr<Settings> SettingsOf(absl::string_view query) {
  Settings settings;
  for (const absl::string_view setting : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> named = absl::StrSplit(setting, absl::MaxSplits('=', 1));
    if (named.first != "endpoint" && named.first != "region")
      return Wrong(absl::StrCat("'", named.first, "' is not known"));
    if (named.second.empty() || !settings.insert(named).second)
      return Wrong(absl::StrCat("'", named.first, "' must have one value"));
  }
  return settings;
}

std::string RegionOf(const Settings& settings, const Environment& environment) {
  if (const auto named = settings.find("region"); named != settings.end())
    return named->second;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (const std::string value = environment(name).value_or(""); !value.empty())
      return value;
  }
  return "";
}

absl::Status SetEndpoint(absl::string_view endpoint, S3Location& location) {
  for (const char* scheme : {"http", "https"}) {
    absl::string_view host = endpoint;
    if (!absl::ConsumePrefix(&host, absl::StrCat(scheme, "://")))
      continue;
    absl::ConsumeSuffix(&host, "/");
    if (host.empty() || host.find_first_of("/@ ") != absl::string_view::npos)
      break;
    location.scheme = scheme;
    location.host = absl::AsciiStrToLower(host);
    location.key_path = absl::StrCat("/", location.bucket, "/");
    return absl::OkStatus();
  }
  return Wrong(absl::StrCat("the endpoint '", endpoint, "' is no address of a server"));
}

// A bucket with dots in its name has no certificate of its own.
void SetAws(S3Location& location) {
  const std::string host = absl::StrCat("s3.", location.region, ".amazonaws.com");
  const bool has_own_host = !absl::StrContains(location.bucket, '.');
  location.scheme = "https";
  location.host = has_own_host ? absl::StrCat(location.bucket, ".", host) : host;
  location.key_path = has_own_host ? "/" : absl::StrCat("/", location.bucket, "/");
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  };
}

bool IsS3Url(std::string_view url) {
  return absl::StartsWith(absl::string_view(url.data(), url.size()), kScheme);
}

absl::StatusOr<S3Location> ParseS3Url(std::string_view url, const Environment& environment) {
  absl::string_view rest(url.data(), url.size());
  if (!absl::ConsumePrefix(&rest, kScheme))
    return Wrong("it does not begin with s3://");
  const std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(rest, absl::MaxSplits('?', 1));
  const std::pair<absl::string_view, absl::string_view> place = absl::StrSplit(halves.first, absl::MaxSplits('/', 1));
  S3Location location;
  location.bucket = std::string(place.first);
  RUYI_RETURN_IF_ERROR(CheckBucket(location.bucket));
  RUYI_ASSIGN_OR_RETURN(location.prefix, PrefixOf(place.second));
  RUYI_ASSIGN_OR_RETURN(const Settings settings, SettingsOf(halves.second));
  location.region = RegionOf(settings, environment);
  if (const auto endpoint = settings.find("endpoint"); endpoint != settings.end()) {
    if (location.region.empty())
      location.region = kDefaultRegion;
    RUYI_RETURN_IF_ERROR(SetEndpoint(endpoint->second, location));
    return location;
  }
  if (location.region.empty())
    return Wrong("the region is not known: add region=NAME, or set AWS_REGION");
  SetAws(location);
  return location;
}

}  // namespace ruyi
