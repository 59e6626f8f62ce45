#include "server/app/port_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "absl/strings/str_format.h"

namespace ruyi {

// Writes under another name first, so that whoever sees the file sees all of it.
absl::Status WritePortFile(const std::string& path, const std::vector<int>& ports) {
  const std::string partial = path + ".part";
  std::ofstream file(partial);
  for (const int port : ports)
    file << port << '\n';
  file.close();
  if (file.good() && std::rename(partial.c_str(), path.c_str()) == 0)
    return absl::OkStatus();
  const int error = errno;
  std::remove(partial.c_str());
  return absl::UnavailableError(absl::StrFormat(
      "cannot write --port-file %s: %s; name a file in a folder that can be written to", path, std::strerror(error)));
}

}  // namespace ruyi
