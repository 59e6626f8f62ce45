#include "core/s3/credentials_file.h"

#include <fstream>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace ruyi {
namespace {

// Returns the settings of the section. libinih, which reads such files, cuts lines after 200 characters, and a session
// token has more.
std::map<std::string, std::string> SettingsOf(std::istream& file, const std::string& section) {
  std::map<std::string, std::string> settings;
  bool is_in_section = false;
  for (std::string line; std::getline(file, line);) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (absl::StartsWith(text, "["))
      is_in_section = text == absl::StrCat("[", section, "]");
    const size_t equals = text.find('=');
    if (is_in_section && equals != absl::string_view::npos && !absl::StartsWith(text, "#"))
      settings[std::string(absl::StripAsciiWhitespace(text.substr(0, equals)))] =
          std::string(absl::StripAsciiWhitespace(text.substr(equals + 1)));
  }
  return settings;
}

}  // namespace

absl::StatusOr<AwsCredentials> CredentialsFile::Get() {
  std::ifstream file(path_);
  if (!file)
    return absl::UnavailableError(absl::StrCat("cannot read the credentials for S3 in ", path_));
  std::map<std::string, std::string> settings = SettingsOf(file, profile_);
  AwsCredentials credentials = {.access_key_id = settings["aws_access_key_id"],
                                .secret_access_key = settings["aws_secret_access_key"],
                                .session_token = settings["aws_session_token"]};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return absl::UnavailableError(absl::StrCat("the section [", profile_, "] of ", path_,
                                               " must have aws_access_key_id and aws_secret_access_key"));
  }
  return credentials;
}

}  // namespace ruyi
