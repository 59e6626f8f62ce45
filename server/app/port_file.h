// Writes the file that says which ports were bound. Before it: main. After it: whoever started the server. A function
// without state.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace ruyi {

// Writes the ports, one per line, to `path`: whole or not at all. Blocks. UNAVAILABLE: it cannot be written.
absl::Status WritePortFile(const std::string& path, const std::vector<int>& ports);

}  // namespace ruyi
