// The size and the sha256 of a finished file, to check it against. A value.
#pragma once

#include <cstdint>
#include <string>

namespace ruyi {

struct FileDigest {
  int64_t size_bytes = 0;
  std::string sha256;  // 32 bytes
  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};

}  // namespace ruyi
