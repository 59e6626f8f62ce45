// Writes seals. A function without state; thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "core/artifact/files/file_result_writer.h"
#include "core/artifact/files/result_seal.h"

namespace ruyi {

// Writes `seal` to `path`, whole or not at all. When it returns, the seal outlives a crash; the result's own bytes must
// do so before it is called. Errors: those of PartialFile. Blocks on the disk.
absl::Status WriteSeal(const ResultContext& context, const std::string& path, const ResultSeal& seal);

}  // namespace ruyi
