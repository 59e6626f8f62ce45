// Percent-encodes as AWS signs it: all but letters, digits and "-._~" (RFC 3986). Functions without state; thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace ruyi {

// Returns `text` as part of a query.
std::string UriEncode(std::string_view text);

// Returns `path` with its slashes as they are.
std::string UriEncodePath(std::string_view path);

// Returns "name=value&..." in the order of the map; names without a value have "=" too.
std::string UriEncodeQuery(const std::map<std::string, std::string>& query);

}  // namespace ruyi
